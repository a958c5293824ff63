/** What a client remembers of a job while it runs, in memory only, and how others wait for it to change. */
import type { SealKeyPair } from "@zpu/network/seal";
import { type ZpuError } from "@zpu/protocol/errors";
import type { JobId, PeerId, TxHash } from "@zpu/protocol/ids";
import type { ChainJobState, Groth16Proof, JobSpec, JobState } from "@zpu/protocol/job";
import type { SignedReceipt } from "@zpu/protocol/receipt";
import type { JobTransactions } from "./chain-records.ts";

/** One step of a job, as the provider tells it. Unix milliseconds. */
export interface JobProgress {
  readonly state: JobState;
  readonly atMs: number;
  readonly tx?: TxHash;
}

/** An answer that was opened, held against its commitment and proven to this client. */
export interface Answer {
  /** Arg max of the logits, lowest index first. */
  readonly digit: number;
  readonly logits: readonly number[];
  readonly outputCommitment: bigint;
  readonly proof: Groth16Proof;
  readonly receipt: SignedReceipt;
  readonly receivedAtMs: number;
}

/** A job of this client. Fields change while it runs; `changed` tells when. */
export interface JobRecord {
  readonly jobId: JobId;
  readonly spec: JobSpec;
  readonly peer: PeerId;
  readonly multiaddrs: readonly string[];
  readonly inputCommitment: bigint;
  readonly replyKeys: SealKeyPair;
  readonly submittedAtMs: number;
  readonly events: JobProgress[];
  chainState: ChainJobState;
  transactions: JobTransactions;
  answer?: Answer;
  /** The output commitment that the chain has verified; set before `transactions.proven` is. */
  provenOutput?: bigint;
  countersigned?: boolean;
  /** Why there will be no answer. */
  failure?: ZpuError;
  /** Nothing more will change. */
  closed: boolean;
}

/** Wakes whoever waits for a record. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after `ms`, or when `signal` aborts; never rejects. */
  next(ms?: number, signal?: AbortSignal): Promise<void>;
}

/** A bell that any number may wait for. */
export function createBell(): Bell {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    ring() {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    next: (ms, signal) =>
      new Promise((done) => {
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", finish);
          done();
        };
        const timer = ms === undefined ? undefined : setTimeout(finish, ms);
        signal?.addEventListener("abort", finish);
        if (signal?.aborted) finish();
        void promise.then(finish);
      }),
  };
}

/** Index of the largest logit, the lowest where several are. */
export const argMax = (logits: readonly number[]): number =>
  logits.reduce((best, value, index) => (value > (logits[best] ?? -Infinity) ? index : best), 0);

/** Something opened at most once at a time; a failed opening is tried anew at the next call. */
export interface Once<T> {
  (): Promise<T>;
  /** What is open, without opening it; undefined where nothing is or the opening failed. */
  peek(): Promise<T | undefined>;
}

/** Opens with `open` at the first call and shares the result. */
export function once<T>(open: () => Promise<T>): Once<T> {
  let opened: Promise<T> | undefined;
  const call = (): Promise<T> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return Object.assign(call, { peek: async (): Promise<T | undefined> => opened?.catch(() => undefined) });
}
