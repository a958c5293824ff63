/** The chain as the nonce queue sees it: reads, simulation, broadcast. A test writes its own body. */
import type { Intent } from "@zpu/ipc/workers/signer";
import type { ZpuError } from "@zpu/protocol/errors";
import type { Address, JobId, TxHash } from "@zpu/protocol/ids";
import type { ChainJob, Settlement } from "../ports.ts";

/** What the ledger keeps of a transaction's events. Amounts in wei. */
export type ChainEvent =
  | { readonly type: "settled"; readonly jobId: JobId; readonly provider: Address; readonly payout: Address; readonly amountWei: bigint }
  | { readonly type: "claimed"; readonly account: Address; readonly amountWei: bigint };

/** An event with where it happened; `atMs` is its block's time. */
export interface LoggedEvent {
  readonly event: ChainEvent;
  readonly tx: TxHash;
  readonly block: number;
  readonly atMs: number;
}

/** A mined transaction. */
export interface ChainReceipt {
  readonly hash: TxHash;
  readonly ok: boolean;
  readonly block: number;
  readonly blockHash: string;
  readonly gasUsed: bigint;
  readonly events: readonly ChainEvent[];
}

export interface MarketFees {
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

/** What the chain said to signed bytes. `other` carries its words. */
export type BroadcastAnswer =
  { readonly kind: "accepted" | "known" | "nonce-used" | "underpriced" | "no-funds" } | { readonly kind: "other"; readonly detail: string };

/** Every method but `head`, `onHead`, `fault` and `onVerify` throws CHAIN_UNREACHABLE, or CHAIN_MISMATCH where it is another chain. */
export interface ChainPort {
  readonly rpcUrl: string;
  head(): { block: number; reachable: boolean };
  /** Called on every new block and whenever reachability changes. */
  onHead(listener: () => void): () => void;
  /** Why this is not the chain it should be, as long as that is so. */
  fault(): ZpuError | undefined;
  /** Adds a check that runs before the chain is trusted, at the start and after every break; it may ask `nonces`. */
  onVerify(check: (unverified: Pick<ChainPort, "nonces">) => Promise<void>): void;

  node(owner: Address): ReturnType<Settlement["node"]>;
  job(jobId: JobId): Promise<ChainJob>;
  claimableWei(account: Address): Promise<bigint>;
  tokenBalanceWei(account: Address): Promise<bigint>;
  gasBalanceWei(account: Address): Promise<bigint>;
  /** Tokens that the registry may take from `owner`, in wei. */
  allowanceWei(owner: Address): Promise<bigint>;

  /** Runs `intent` without sending it; gas limit with a margin. Throws TRANSACTION_REVERTED with the contract's reason. */
  simulate(intent: Intent, from: Address): Promise<bigint>;
  /** Why `intent`, mined in `block`, was refused: run again on the state before that block. */
  reasonAt(intent: Intent, from: Address, block: number): Promise<string>;
  fees(): Promise<MarketFees>;
  /** Transactions of `account`: mined, and mined or waiting. The next free nonce is the second. */
  nonces(account: Address): Promise<{ latest: number; pending: number }>;
  broadcast(raw: string): Promise<BroadcastAnswer>;
  receipt(hash: TxHash): Promise<ChainReceipt | undefined>;
  /** Whether the chain has the transaction, mined or waiting. */
  knows(hash: TxHash): Promise<boolean>;
  /** Payments to this node in blocks `from` to `to`, both included. */
  payments(provider: Address, payout: Address, from: number, to: number): Promise<LoggedEvent[]>;
}
