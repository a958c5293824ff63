/** What the engine needs from where it runs, and the seams between its own parts. Interfaces only. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import type { Intent } from "@zpu/ipc/workers/signer";
import type { Address, JobId, TxHash } from "@zpu/protocol/ids";
import type { ChainJobState } from "@zpu/protocol/job";

/** The processes a node consists of besides core. */
export type WorkerName = "network" | "signer" | "executor" | "prover" | "sensors";

/** A running child process; it ends with its parent, even when killed. */
export interface WorkerProcess {
  readonly pid: number;
  readonly pipe: Pipe;
  /** Resolves once the process is gone, with its exit code or signal. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  kill(): void;
}

/** Starts worker processes: child processes under the CLI, utility processes under Electron. `entry` is an absolute file URL. */
export interface Spawner {
  spawn(name: WorkerName, entry: string): WorkerProcess;
}

/** Everything the host gives to `createProvider`. */
export interface Ports {
  readonly spawner: Spawner;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly log: (level: "info" | "warn" | "error", message: string, facts?: Record<string, string | number | boolean>) => void;
}

/** A job as `ZPUJobs` holds it. Times are Unix seconds. */
export interface ChainJob {
  readonly state: ChainJobState;
  readonly requestor: Address;
  readonly provider: Address;
  readonly modelId: string;
  readonly inputCommitment: string;
  readonly outputCommitment: string;
  readonly priceWei: bigint;
  readonly acceptBy: number;
  readonly deadline: number;
}

/** How a transaction ended. `reason` is the contract's custom error name with its facts. */
export interface TxOutcome {
  readonly hash: TxHash;
  readonly status: "confirmed" | "reverted";
  readonly block: number;
  readonly atMs: number;
  readonly reason?: string;
}

/** The chain, as the rest of the engine sees it (`settlement/`). Reads throw CHAIN_UNREACHABLE; sends wait and retry instead. */
export interface Settlement {
  /** Last block seen and whether the chain answered the last time it was asked. */
  head(): { block: number; reachable: boolean };
  onHead(listener: () => void): () => void;
  node(): Promise<{ registered: boolean; active: boolean; stakeWei: bigint; minStakeWei: bigint; operator: Address; payout: Address }>;
  job(jobId: JobId): Promise<ChainJob>;
  claimableWei(account: Address): Promise<bigint>;
  tokenBalanceWei(account: Address): Promise<bigint>;
  gasBalanceWei(account: Address): Promise<bigint>;
  /**
   * Sends `intent` once per `key`, for ever: intent, nonce and signed bytes are stored before they are broadcast, a second call with
   * the same key (also after a crash) waits for the first one's outcome. Resolves when it is mined; rejects only where nothing was
   * sent and nothing will be (TRANSACTION_REVERTED from the simulation, INSUFFICIENT_FUNDS for gas).
   */
  submit(key: string, intent: Intent): Promise<TxOutcome>;
  /** Keys and hashes of what was sent, with the outcome once there is one. */
  sent(key: string): { hash: TxHash; outcome?: TxOutcome } | undefined;
}
