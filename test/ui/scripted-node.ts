/** A node that does what the test says: the real operator contract over state that a test sets step by step. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { Operator } from "@zpu/ipc/operator/contract";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import type { Handlers, Source } from "@zpu/ipc/rpc/contract";
import { ZpuError } from "@zpu/protocol/errors";
import type { JobState } from "@zpu/protocol/job";
import { emptyEarnings, hash, nodeStatus, openJob, txOf } from "./fixture.ts";

/** A value that can be watched. */
class Cell<T> {
  value: T;
  readonly #listeners = new Set<(value: T) => void>();
  constructor(value: T) {
    this.value = value;
  }
  set(value: T): void {
    this.value = value;
    for (const listener of this.#listeners) listener(value);
  }
  readonly source: Source<T> = (listener) => {
    this.#listeners.add(listener);
    listener(this.value);
    return () => this.#listeners.delete(listener);
  };
}

/** Holds an answer back: `passed` resolves once a test calls `release`. */
export interface Gate {
  readonly passed: Promise<void>;
  release(): void;
}

/** A closed gate. */
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, release: resolve };
}

export class ScriptedNode {
  readonly status = new Cell<NodeStatus>(nodeStatus());
  readonly jobs = new Cell<JobView[]>([]);
  /** Jobs that the node knows and does not list. */
  readonly unlisted: JobView[] = [];
  readonly earnings = new Cell<EarningsSummary>(emptyEarnings());
  /** Set to make the next claim or ask fail. */
  claimError: ZpuError | undefined;
  askError: ZpuError | undefined;
  /** Set to hold a claim or an ask back until it is released. */
  hold: Gate | undefined;
  readonly asked: { pixels: Uint8Array; label?: number | undefined }[] = [];

  readonly handlers: Handlers<Operator> = {
    node: { status: this.status.source, stop: () => Promise.reject(new ZpuError("CONFIRM_IN_TERMINAL", { command: "zpu-node stop" })) },
    jobs: {
      list: this.jobs.source,
      get: ({ jobId }) => {
        const job = [...this.jobs.value, ...this.unlisted].find((candidate) => candidate.jobId === jobId);
        if (!job) throw new ZpuError("JOB_UNKNOWN", { jobId });
        return job;
      },
      ask: async ({ pixels, label }) => {
        await this.hold?.passed;
        if (this.askError) throw this.askError;
        this.asked.push({ pixels, label });
        const job = openJob({ seed: 900 + this.asked.length, pixels: Uint8Array.from(pixels), label });
        return { jobId: job.jobId, proofUrl: `http://127.0.0.1:9/proofs/${job.jobId}` };
      },
    },
    earnings: {
      summary: this.earnings.source,
      claim: async () => {
        await this.hold?.passed;
        if (this.claimError) throw this.claimError;
        const before = this.earnings.value;
        if (before.claimableWei === 0n) throw new ZpuError("NOTHING_TO_CLAIM");
        const claim = { atMs: Date.now(), amountWei: before.claimableWei, tx: txOf(7_000 + before.claims.length) };
        this.earnings.set({
          ...before,
          claimableWei: 0n,
          claimedWei: before.claimedWei + claim.amountWei,
          balanceWei: before.balanceWei + claim.amountWei,
          claimsCount: before.claimsCount + 1,
          claims: [...before.claims, claim],
        });
        return { amountWei: claim.amountWei, tx: claim.tx };
      },
    },
  };

  /** A job arrives: newest first, as the node lists them. */
  arrive(job: JobView): void {
    this.jobs.set([job, ...this.jobs.value]);
  }

  /** The job takes one step, with what that step brings along. */
  step(jobId: string, state: JobState, change: Partial<JobView> = {}, sent = false): void {
    this.jobs.set(
      this.jobs.value.map((job) =>
        job.jobId === jobId
          ? { ...job, ...change, state, events: [...job.events, { state, atMs: Date.now(), ...(sent ? { tx: txOf(hash(jobId, state)) } : {}) }] }
          : job,
      ),
    );
  }
}
