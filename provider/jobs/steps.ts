/** What is done in each state of a job, and which state follows; a step that is done again after a sudden end has the same effect. */
import { commitOutput } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, type Address, type Bytes32, type JobId } from "@zpu/protocol/ids";
import { jobContext, type Groth16Proof, type JobState } from "@zpu/protocol/job";
import type { Receipt } from "@zpu/protocol/receipt";
import type { Blobs } from "../base/blobs.ts";
import type { StepFacts } from "../base/journal.ts";
import type { ChainJob, Ports, Settlement, TxOutcome } from "../ports.ts";
import type { JobRecord, JobRun } from "./record.ts";

/** What the model gave, before it is salted and committed to. */
export interface Execution {
  readonly logits: number[];
  readonly engine: string;
  readonly profile: JobRun["profile"];
  readonly ms: number;
}

/** A proof that has been verified where it was made. Times are milliseconds. */
export interface Proven {
  readonly proof: Groth16Proof;
  readonly publicSignals: readonly [bigint, bigint, bigint];
  readonly ms: { readonly witness: number; readonly prove: number; readonly verify: number };
}

/** What the steps work with. */
export interface StepParts {
  readonly blobs: Blobs;
  readonly settlement: Pick<Settlement, "job" | "submit" | "sent">;
  readonly identity: { readonly chainId: bigint; readonly jobsContract: Address; readonly provider: Address };
  execute(modelName: string, pixels: Uint8Array<ArrayBuffer>): Promise<Execution>;
  prove(
    modelName: string,
    input: { input: Uint8Array<ArrayBuffer>; output: number[]; inputSalt: bigint; outputSalt: bigint; context: bigint },
  ): Promise<Proven>;
  /** The operator's signature; the same receipt always gets the same one, a second different one for a job is refused. */
  signReceipt(receipt: Receipt): Promise<string>;
  /** A random field element. */
  drawSalt(): bigint;
  /** Whether one more job may be accepted now; an offer that is posted waits for its place until `acceptBy`. */
  hasPlace?(): boolean;
  readonly now: Ports["now"];
  readonly log: Ports["log"];
}

/** Puts a step on disk and tells it; throws DISK_FULL. */
export type RecordStep = (jobId: JobId, to: JobState, facts?: StepFacts) => void;

/** What a step answers when there is nothing to do before something changes on the chain. */
export const PARKED = "parked";

/** The steps of every state that has one, and the proofs that are made and not recorded yet. */
export interface Steps {
  readonly of: Partial<Record<JobState, (job: JobRecord) => Promise<unknown>>>;
  /** Forgets what was kept in memory for a job. */
  forget(jobId: JobId): void;
}

/** The longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The receipt that follows from a job's recorded run; the same for every call. */
export function receiptOf(job: JobRecord, run: JobRun): Receipt {
  const { requestor, spec } = job.facts;
  return {
    jobId: job.jobId,
    provider: spec.provider,
    requestor,
    modelId: spec.modelId,
    engine: run.engine,
    profile: run.profile,
    inputCommitment: spec.inputCommitment,
    outputCommitment: run.outputCommitment,
    startedAtMs: run.startedAtMs,
    finishedAtMs: run.finishedAtMs,
  };
}

/**
 * The key under which a transaction of a job is sent. A key is sent once, for ever; `attempt` counts from 1 where the chain has shown that
 * what was sent before it is of no effect (refused when it was mined, or taken back by a reorganisation).
 */
const keyOf = (verb: "accept" | "prove" | "settle", jobId: JobId, attempt = 1): string =>
  attempt === 1 ? `${verb}:${jobId}` : `${verb}:${jobId}:${attempt}`;

const asBytes32 = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** The steps over `parts`; every change of state goes through `record`. */
export function createSteps(parts: StepParts, record: RecordStep): Steps {
  const { blobs, settlement, identity, now, log } = parts;
  const made = new Map<JobId, Proven>();
  const end = (job: JobRecord, state: "cancelled" | "expired" | "failed", error: ZpuError): void =>
    record(job.jobId, state, { error: error.toRecord() });
  const expired = (job: JobRecord): ZpuError => new ZpuError("JOB_EXPIRED", { jobId: job.jobId });
  const pastDeadline = (job: JobRecord): boolean => now() >= job.facts.spec.deadline * 1000;
  /** What `work` gives, or JOB_EXPIRED at the job's deadline: the work is of no use then, and may end by itself. */
  const beforeDeadline = async <T>(job: JobRecord, work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const leftMs = Math.max(0, job.facts.spec.deadline * 1000 - now());
      if (leftMs <= MAX_TIMER_MS) timer = setTimeout(() => reject(expired(job)), leftMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  /** A transaction that the contract refused, or that never left: the chain says where the job stands. */
  const submit = async (
    job: JobRecord,
    key: "accept" | "prove" | "settle",
    send: () => Promise<TxOutcome>,
  ): Promise<TxOutcome | { refused: ZpuError; onChain: ChainJob }> => {
    try {
      const outcome = await send();
      if (outcome.status === "confirmed") return outcome;
      return {
        refused: new ZpuError("TRANSACTION_REVERTED", { reason: outcome.reason ?? "unknown", tx: outcome.hash }),
        onChain: await settlement.job(job.jobId),
      };
    } catch (error) {
      if (!(error instanceof ZpuError) || error.code !== "TRANSACTION_REVERTED") throw error;
      log("warn", `${key} refused: ${error.message}`, { jobId: job.jobId });
      return { refused: error, onChain: await settlement.job(job.jobId) };
    }
  };

  const of: Steps["of"] = {
    async offered(job) {
      const onChain = await settlement.job(job.jobId);
      const change = onChain.state === "none" ? {} : { seenOnChain: true as const };
      if (onChain.state === "cancelled") return record(job.jobId, "cancelled", { change, error: new ZpuError("CANCELLED").toRecord() });
      if (now() >= job.facts.spec.acceptBy * 1000) return record(job.jobId, "expired", { change, error: expired(job).toRecord() });
      if (onChain.state === "posted" && (parts.hasPlace?.() ?? true)) return record(job.jobId, "accepting", { change });
      return PARKED;
    },

    async accepting(job) {
      const sent = await submit(job, "accept", () => settlement.submit(keyOf("accept", job.jobId), { type: "accept", jobId: job.jobId }));
      if ("hash" in sent) return record(job.jobId, "accepted", { tx: sent.hash });
      const { onChain, refused } = sent;
      if (onChain.state === "accepted") return record(job.jobId, "accepted");
      if (onChain.state === "cancelled") return end(job, "cancelled", refused);
      if (now() >= job.facts.spec.acceptBy * 1000) return end(job, "expired", expired(job));
      end(job, "failed", refused);
    },

    async accepted(job) {
      if (pastDeadline(job)) return end(job, "expired", expired(job));
      const startedAtMs = now();
      const execution = await beforeDeadline(job, parts.execute(job.facts.modelName, blobs.get(job.facts.inputBlob)));
      const outputSalt = parts.drawSalt();
      const run: JobRun = {
        logits: execution.logits,
        outputSalt,
        outputCommitment: asBytes32(commitOutput(execution.logits, outputSalt)),
        engine: execution.engine,
        profile: execution.profile,
        startedAtMs,
        finishedAtMs: Math.max(startedAtMs, now()),
      };
      record(job.jobId, "executed", { change: { run, stagesMs: { run: execution.ms } } });
    },

    async executed(job) {
      if (pastDeadline(job)) return end(job, "expired", expired(job));
      const run = runOf(job);
      const context = jobContext(identity.chainId, identity.jobsContract, job.jobId, identity.provider);
      const proven =
        made.get(job.jobId) ??
        (await beforeDeadline(
          job,
          parts.prove(job.facts.modelName, {
            input: blobs.get(job.facts.inputBlob),
            output: run.logits,
            inputSalt: job.facts.inputSalt,
            outputSalt: run.outputSalt,
            context,
          }),
        ));
      made.set(job.jobId, proven);
      const expected = [BigInt(job.facts.spec.inputCommitment), BigInt(run.outputCommitment), context];
      if (proven.publicSignals.some((signal, index) => signal !== expected[index])) {
        return end(job, "failed", new ZpuError("PROOF_INVALID", { detail: "its public signals are not those of the job" }));
      }
      const receiptSignature = await parts.signReceipt(receiptOf(job, run));
      // Kept until it is on disk: a chain that is away while the receipt is checked must not cost a second proof.
      record(job.jobId, "proven", { change: { proof: proven.proof, receiptSignature, stagesMs: { ...proven.ms } } });
      made.delete(job.jobId);
    },

    async proven(job) {
      if (pastDeadline(job)) return end(job, "expired", expired(job));
      record(job.jobId, "submitting");
      await Promise.resolve();
    },

    async submitting(job) {
      const { proof } = job.facts;
      if (!proof) throw new ZpuError("INTERNAL", { detail: "the proof is missing in the journal" });
      const { outputCommitment } = runOf(job);
      const key = keyOf("prove", job.jobId, job.events.filter((event) => event.state === "submitting").length);
      const sent = await submit(job, "prove", () => settlement.submit(key, { type: "prove", jobId: job.jobId, outputCommitment, proof }));
      if ("hash" in sent) return record(job.jobId, "verified", { tx: sent.hash });
      const { onChain, refused } = sent;
      if ((onChain.state === "proven" || onChain.state === "settled") && onChain.outputCommitment === outputCommitment)
        return record(job.jobId, "verified");
      if (onChain.state === "expired" || onChain.state === "refunded" || pastDeadline(job)) return end(job, "expired", expired(job));
      end(job, "failed", new ZpuError("PROOF_REJECTED", { reason: String(refused.facts.reason ?? "unknown") }));
    },

    async verified(job) {
      record(job.jobId, "settling");
      await Promise.resolve();
    },

    async settling(job) {
      const startedAtMs = job.events.find((event) => event.state === "settling")?.atMs ?? now();
      let attempt = 1;
      while (settlement.sent(keyOf("settle", job.jobId, attempt))?.outcome?.status === "reverted") attempt += 1;
      const sent = await submit(job, "settle", () => settlement.submit(keyOf("settle", job.jobId, attempt), { type: "settle", jobId: job.jobId }));
      if (!("hash" in sent) && sent.onChain.state !== "settled") {
        const { onChain, refused } = sent;
        // Verified and not settled: it is tried again, under a key of its own where the last one was mined and refused.
        if (onChain.state === "proven") throw refused;
        // The chain took the verification back: the proof is sent once more, and past the deadline the job ends there.
        if (onChain.state === "accepted") return record(job.jobId, "submitting");
        if (onChain.state === "expired" || onChain.state === "refunded" || pastDeadline(job)) return end(job, "expired", expired(job));
        throw refused;
      }
      const tx = "hash" in sent ? sent.hash : undefined;
      const atMs = now();
      record(job.jobId, "paid", {
        tx,
        change: { stagesMs: { settle: atMs - startedAtMs } },
      });
    },
  };

  return { of, forget: (jobId) => void made.delete(jobId) };
}

function runOf(job: JobRecord): JobRun {
  if (!job.facts.run) throw new ZpuError("INTERNAL", { detail: "the run is missing in the journal" });
  return job.facts.run;
}
