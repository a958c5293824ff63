/** The proof check that anyone can repeat: key, terms and commitments from the chain, the mathematics from our own verifier. */
import { verifyGroth16, type VerifyingKey } from "@zpu/proofs/groth16";
import type { Evidence } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import type { Bytes32, JobId, ModelId } from "@zpu/protocol/ids";
import { jobContext, type Groth16Proof } from "@zpu/protocol/job";
import type { ReceiptMessage } from "@zpu/protocol/messages";
import type { ChainJob, ChainTransaction, ChainVerifyingKey } from "./chain-records.ts";
import type { Chain } from "./escrow.ts";

/** What `verify` found. `onChainVerified` is true only where the chain itself checked a proof in a mined transaction. */
export interface Verification {
  readonly verified: boolean;
  /** Why not, where it is not. */
  readonly reason?: string;
  readonly onChainVerified: boolean;
  readonly vkHash: Bytes32;
  /** [inputCommitment, outputCommitment, context]. */
  readonly publicSignals: readonly [bigint, bigint, bigint];
  readonly transaction?: ChainTransaction;
  /** Time of the pairing check in milliseconds. */
  readonly verifyMs: number;
}

const point = ([x, y]: readonly [bigint, bigint]): [bigint, bigint] => [x, y];
const swap = ([x, y]: ChainVerifyingKey["beta"]): [[bigint, bigint], [bigint, bigint]] => [
  [x[1], x[0]],
  [y[1], y[0]],
];

/** The key as our verifier takes it: G2 as c0 + c1 u. */
export const toVerifyingKey = (key: ChainVerifyingKey): VerifyingKey => ({
  alpha: point(key.alpha),
  beta: swap(key.beta),
  gamma: swap(key.gamma),
  delta: swap(key.delta),
  ic: key.ic.map(point),
});

/** The three public signals of a job with this output. */
export function publicSignals(
  chain: Pick<Chain, "chainId" | "contracts">,
  jobId: JobId,
  job: Pick<ChainJob, "inputCommitment" | "provider">,
  outputCommitment: bigint,
): [bigint, bigint, bigint] {
  return [BigInt(job.inputCommitment), outputCommitment, jobContext(chain.chainId, chain.contracts.jobs, jobId, job.provider)];
}

/** Keys already read: a key is never replaced, and the verifier remembers its own preparation by object. */
const keys = new WeakMap<Chain, Map<ModelId, { key: VerifyingKey; vkHash: Bytes32 }>>();

/** The chain's verifying key of a model; throws PROOF_UNAVAILABLE where it has none. */
async function verifyingKeyOf(chain: Chain, modelId: ModelId): Promise<{ key: VerifyingKey; vkHash: Bytes32 }> {
  const known = keys.get(chain) ?? new Map<ModelId, { key: VerifyingKey; vkHash: Bytes32 }>();
  keys.set(chain, known);
  const found = known.get(modelId);
  if (found) return found;
  const { key, vkHash } = await chain.verifyingKey(modelId);
  const read = { key: toVerifyingKey(key), vkHash };
  known.set(modelId, read);
  return read;
}

/** Checks `proof` for a job with this output under the chain's key for its model. */
export async function checkProof(
  chain: Chain,
  jobId: JobId,
  job: Pick<ChainJob, "inputCommitment" | "provider" | "modelId">,
  outputCommitment: bigint,
  proof: Groth16Proof,
): Promise<Omit<Verification, "onChainVerified" | "transaction">> {
  const { key, vkHash } = await verifyingKeyOf(chain, job.modelId);
  const signals = publicSignals(chain, jobId, job, outputCommitment);
  const startedAt = performance.now();
  const result = verifyGroth16(key, signals, proof);
  return {
    verified: result.ok,
    ...(result.ok ? {} : { reason: result.reason }),
    vkHash,
    publicSignals: signals,
    verifyMs: performance.now() - startedAt,
  };
}

const isProven = ({ state }: ChainJob): boolean => state === "proven" || state === "settled";

/**
 * Checks the proof with which `jobId` was proven on the chain, read from that transaction, or `received` (the same job's, from its provider)
 * where it cannot be read there. Throws JOB_UNKNOWN, PROOF_UNAVAILABLE where it was not proven or no proof can be read.
 */
export async function verifyOnChainProof(chain: Chain, jobId: JobId, received?: Groth16Proof): Promise<Verification> {
  const job = await chain.job(jobId); // first: an unknown or unproven job costs no search of the logs
  const proven = isProven(job) ? (await chain.transactions(jobId)).proven : undefined;
  if (!proven)
    throw new ZpuError("PROOF_UNAVAILABLE", {
      model: job.modelId,
      detail: `job ${jobId} is ${job.state} and not proven on the chain`,
      alternatives: "waiting for it",
    });
  const proof = await chain.proofIn(proven.hash, jobId).catch((error: unknown) => {
    if (received && ZpuError.wrap(error).code === "PROOF_UNAVAILABLE") return received;
    throw error;
  });
  return { ...(await checkProof(chain, jobId, job, BigInt(job.outputCommitment), proof)), onChainVerified: true, transaction: proven };
}

/** Throws MALFORMED_MESSAGE unless provider's operator and requestor have both signed what the chain says about the job. */
export async function checkReceipt(chain: Chain, { signed, countersignature }: ReceiptMessage): Promise<void> {
  const { receipt, signature } = signed;
  const job = await chain.job(receipt.jobId);
  const node = await chain.node(job.provider);
  const demand = (holds: boolean, detail: string): void => {
    if (!holds) throw new ZpuError("MALFORMED_MESSAGE", { detail });
  };
  demand(receipt.provider === job.provider && receipt.requestor === job.requestor, "the receipt names other parties than the job");
  demand(receipt.modelId === job.modelId && receipt.inputCommitment === job.inputCommitment, "the receipt names another model or input than the job");
  const proven = job.state === "proven" || job.state === "settled";
  demand(!proven || receipt.outputCommitment === job.outputCommitment, "the receipt names another output than the chain");
  const signedBy = (text: string): string => {
    try {
      return chain.receiptSigner(receipt, text);
    } catch {
      return "";
    }
  };
  demand(signedBy(signature) === node.operator, "the provider's operator did not sign the receipt");
  demand(signedBy(countersignature) === job.requestor, "the requestor did not countersign the receipt");
}

/**
 * Everything public that shows `jobId` was done, read from the chain; `filed` where a receipt was filed and checked. Where the proof cannot be
 * read from its transaction, `zk` is null and `zkMissing` says why: state and commitments stay the chain's. Throws JOB_UNKNOWN.
 */
export async function readEvidence(chain: Chain, jobId: JobId, filed?: ReceiptMessage): Promise<Evidence> {
  const job = await chain.job(jobId); // first: an unknown job costs no search of the logs
  const transactions = await chain.transactions(jobId);
  const proven = isProven(job) ? transactions.proven : undefined;
  let zkMissing: string | undefined;
  const proof =
    proven &&
    (await chain.proofIn(proven.hash, jobId).catch((error: unknown) => {
      const failure = ZpuError.wrap(error);
      if (failure.code !== "PROOF_UNAVAILABLE") throw failure;
      zkMissing = `The chain verified a proof for this job, which cannot be shown here: ${String(failure.facts.detail ?? "unknown")}.`;
      return undefined;
    }));
  const zk = proof && {
    system: "groth16-bn254" as const,
    verifier: chain.contracts.verifier,
    vkHash: (await verifyingKeyOf(chain, job.modelId)).vkHash,
    publicSignals: publicSignals(chain, jobId, job, BigInt(job.outputCommitment)),
    proof,
    onChainVerified: true as const,
  };
  // a receipt filed earlier is no evidence of an output that the chain knows to be another
  const receipt = proven && filed?.signed.receipt.outputCommitment !== job.outputCommitment ? undefined : filed;
  const { posted, accepted, settled } = transactions;
  return {
    kind: zk ? "zk" : receipt ? "receipt" : null,
    jobId,
    chainId: Number(chain.chainId),
    jobsContract: chain.contracts.jobs,
    state: job.state,
    requestor: job.requestor,
    provider: job.provider,
    modelId: job.modelId,
    priceWei: job.priceWei,
    inputCommitment: job.inputCommitment,
    outputCommitment: proven ? job.outputCommitment : (receipt?.signed.receipt.outputCommitment ?? null),
    zk: zk ?? null,
    ...(zkMissing === undefined ? {} : { zkMissing: zkMissing.slice(0, 300) }),
    transactions: { ...(posted && { posted }), ...(accepted && { accepted }), ...(proven && { proven }), ...(settled && { settled }) },
    receipt: receipt ?? null,
  };
}
