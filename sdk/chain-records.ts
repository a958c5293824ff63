/** What the chain holds of a job, as plain records. */
import type { Address, Bytes32, ModelId, TxHash } from "@zpu/protocol/ids";
import type { ChainJobState } from "@zpu/protocol/job";

/** A job as the chain holds it. Times are Unix seconds. */
export interface ChainJob {
  readonly state: ChainJobState;
  readonly requestor: Address;
  readonly provider: Address;
  readonly modelId: ModelId;
  readonly inputCommitment: Bytes32;
  readonly outputCommitment: Bytes32;
  readonly priceWei: bigint;
  readonly acceptBy: number;
  readonly deadline: number;
}

/** A mined transaction. */
export interface ChainTransaction {
  readonly hash: TxHash;
  readonly block: number;
  readonly atMs: number;
}
/** The mined transactions of a job, by what each did. */
export type JobTransactions = Partial<Record<"posted" | "accepted" | "proven" | "settled" | "cancelled" | "expired" | "refunded", ChainTransaction>>;

/** A verifying key as the chain holds it; G2 in EIP-197 order (imaginary part first). */
export interface ChainVerifyingKey {
  readonly alpha: readonly [bigint, bigint];
  readonly beta: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly gamma: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly delta: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly ic: readonly (readonly [bigint, bigint])[];
}
