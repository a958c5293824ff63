/** The one path of a job through its states. Every step is on disk before the next begins, so a sudden end at any instant loses nothing. */
import { commitOutput } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, type Address, type Bytes32, type JobId, type TxHash } from "@zpu/protocol/ids";
import { isTerminal, jobContext, mayBecome, type Groth16Proof, type JobState } from "@zpu/protocol/job";
import type { Receipt } from "@zpu/protocol/receipt";
import type { Blobs } from "../base/blobs.ts";
import { isDiskFull, type Journal, type StepFacts } from "../base/journal.ts";
import { createSignal, type Signal } from "../base/slice.ts";
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

/** Everything the runner works with. */
export interface RunnerParts {
  readonly journal: Journal;
  readonly blobs: Blobs;
  readonly settlement: Pick<Settlement, "job" | "submit">;
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
  /** Hears that a write failed for want of room. */
  diskFull(): void;
  readonly now: Ports["now"];
  readonly log: Ports["log"];
  /** Pause between tries, milliseconds. */
  readonly retryMs?: number;
  /** How often a step may find its process dead before the job fails. */
  readonly maxAttempts?: number;
  /** How long a posted job may be missing on the chain as this node sees it, milliseconds. */
  readonly postedWaitMs?: number;
}

export interface Runner {
  /** Takes up every job that is still on its way. */
  resume(): void;
  /** The requestor says that the escrow is on the chain: checks it, then lets the job go. Throws JOB_NOT_POSTED, JOB_UNKNOWN. */
  posted(jobId: JobId, tx: TxHash): Promise<void>;
  /** The requestor gave the offer up before posting it; later it has no effect. */
  cancel(jobId: JobId): Promise<void>;
  /** Every recorded step, in order per job. */
  readonly steps: Signal<JobRecord>;
  /** Stops between steps; what is open goes on after the next start. */
  stop(): Promise<void>;
}

/** What a step answers when there is nothing to do before something changes on the chain. */
const PARKED = "parked";
/** Nothing was done and nothing is lost: the step is tried again until the deadline. */
const WAITS: readonly string[] = ["CHAIN_UNREACHABLE", "CHAIN_MISMATCH", "INSUFFICIENT_FUNDS"];
const DIED: readonly string[] = ["EXECUTOR_DIED", "PROVER_DIED", "SIGNER_DIED"];
const SWEEP_MS = 1_000;
/** A step that waits for the chain or a process is left behind after this long; it is taken up after the next start. */
const STOP_MS = 250;

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

const asBytes32 = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** Makes a runner; nothing moves before `resume` or `posted`. */
export function createRunner(parts: RunnerParts): Runner {
  const { journal, blobs, settlement, identity, now, log, retryMs = 1_000, maxAttempts = 5, postedWaitMs = 10_000 } = parts;
  const steps = createSignal<JobRecord>();
  const driving = new Map<JobId, Promise<void>>();
  /** Proofs that are made and not recorded yet. */
  const made = new Map<JobId, Proven>();
  /** Jobs that were told to go while they were parking. */
  const again = new Set<JobId>();
  const stopper = new AbortController();
  const stopped = (): boolean => stopper.signal.aborted;
  let sweeper: NodeJS.Timeout | undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stopper.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      stopper.signal.addEventListener("abort", done);
      if (stopped()) done();
    });

  const record = (jobId: JobId, to: JobState, facts: StepFacts = {}): void => {
    const job = journal.step(jobId, to, now(), facts);
    log("info", `job ${to}`, { jobId, ...(facts.tx ? { tx: facts.tx } : {}), ...(facts.error ? { error: facts.error.code } : {}) });
    steps.tell(job);
  };
  const end = (job: JobRecord, state: "cancelled" | "expired" | "failed", error: ZpuError): void =>
    record(job.jobId, state, { error: error.toRecord() });
  const expired = (job: JobRecord): ZpuError => new ZpuError("JOB_EXPIRED", { jobId: job.jobId });
  const pastDeadline = (job: JobRecord): boolean => now() >= job.facts.spec.deadline * 1000;

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

  const STEPS: Partial<Record<JobState, (job: JobRecord) => Promise<unknown>>> = {
    async offered(job) {
      const onChain = await settlement.job(job.jobId);
      if (onChain.state === "posted" && now() < job.facts.spec.acceptBy * 1000) return record(job.jobId, "accepting");
      if (onChain.state === "cancelled") return end(job, "cancelled", new ZpuError("CANCELLED"));
      if (now() >= job.facts.spec.acceptBy * 1000) return end(job, "expired", expired(job));
      return PARKED;
    },

    async accepting(job) {
      const sent = await submit(job, "accept", () => settlement.submit(`accept:${job.jobId}`, { type: "accept", jobId: job.jobId }));
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
      const execution = await parts.execute(job.facts.modelName, blobs.get(job.facts.inputBlob));
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
        (await parts.prove(job.facts.modelName, {
          input: blobs.get(job.facts.inputBlob),
          output: run.logits,
          inputSalt: job.facts.inputSalt,
          outputSalt: run.outputSalt,
          context,
        }));
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
      const sent = await submit(job, "prove", () =>
        settlement.submit(`prove:${job.jobId}`, { type: "prove", jobId: job.jobId, outputCommitment, proof }),
      );
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
      const sent = await submit(job, "settle", () => settlement.submit(`settle:${job.jobId}`, { type: "settle", jobId: job.jobId }));
      if (!("hash" in sent) && sent.onChain.state !== "settled") throw sent.refused;
      const tx = "hash" in sent ? sent.hash : undefined;
      const atMs = now();
      record(job.jobId, "paid", {
        tx,
        change: { stagesMs: { settle: atMs - startedAtMs } },
      });
    },
  };

  /** What an error in a step means: another try, or the end of the job. */
  const failed = async (job: JobRecord, error: unknown, attempt: number): Promise<void> => {
    const known = ZpuError.wrap(error);
    if (isDiskFull(error)) parts.diskFull();
    const waits = isDiskFull(error) || WAITS.includes(known.code) || (DIED.includes(known.code) && attempt < maxAttempts);
    if (!waits && mayBecome(job.state, "failed")) {
      try {
        return end(job, "failed", known);
      } catch (second) {
        if (!isDiskFull(second)) throw second;
      }
    }
    log(waits ? "warn" : "error", `job stays ${job.state} and is tried again: ${known.message}`, { jobId: job.jobId, code: known.code, attempt });
    await pause(Math.min(retryMs * 2 ** Math.min(attempt - 1, 4), 30_000));
    if (known.code === "INSUFFICIENT_FUNDS" && pastDeadline(job) && mayBecome(job.state, "expired")) end(job, "expired", known);
  };

  const drive = async (jobId: JobId): Promise<void> => {
    let attempt = 0;
    let last: JobState | undefined;
    while (!stopped()) {
      const job = journal.job(jobId);
      const step = job && STEPS[job.state];
      if (!job || !step || isTerminal(job.state)) {
        made.delete(jobId);
        return;
      }
      attempt = job.state === last ? attempt + 1 : 1;
      last = job.state;
      try {
        if ((await step(job)) === PARKED) return;
      } catch (error) {
        if (stopped()) return;
        await failed(job, error, attempt);
      }
    }
  };
  const go = (jobId: JobId): void => {
    if (stopped()) return;
    if (driving.has(jobId)) {
      again.add(jobId);
      return;
    }
    const way = drive(jobId)
      .catch((error: unknown) => {
        log("error", `job is left as it is: ${ZpuError.wrap(error).message}`, { jobId });
      })
      .finally(() => {
        driving.delete(jobId);
        if (again.delete(jobId)) go(jobId);
      });
    driving.set(jobId, way);
  };

  /** The chain's word on a posted job; a node that lags behind the requestor's gets a moment. */
  const posting = async (job: JobRecord): Promise<ChainJob> => {
    const untilMs = now() + postedWaitMs;
    for (;;) {
      const onChain = await settlement.job(job.jobId);
      if (onChain.state !== "none" || now() >= untilMs || stopped()) return onChain;
      await pause(100);
    }
  };

  return {
    steps,
    resume() {
      for (const job of journal.open()) go(job.jobId);
      sweeper ??= setInterval(() => {
        for (const job of journal.open()) if (!driving.has(job.jobId)) go(job.jobId);
      }, SWEEP_MS);
    },
    async posted(jobId, tx) {
      const job = journal.job(jobId);
      if (!job) throw new ZpuError("JOB_UNKNOWN", { jobId });
      if (job.state !== "offered") return;
      const onChain = await posting(job);
      const { spec, requestor } = job.facts;
      const refuse = (detail: string): ZpuError => new ZpuError("JOB_NOT_POSTED", { jobId, detail });
      if (onChain.state !== "posted" && onChain.state !== "accepted")
        throw refuse(onChain.state === "none" ? "it is not there" : `it is ${onChain.state}`);
      if (onChain.requestor !== requestor) throw refuse("another account posted it");
      const same =
        onChain.provider === spec.provider && onChain.modelId === spec.modelId && onChain.inputCommitment === spec.inputCommitment &&
        onChain.priceWei === spec.priceWei && onChain.acceptBy === spec.acceptBy && onChain.deadline === spec.deadline; // prettier-ignore
      if (!same) throw refuse("its terms differ");
      if (journal.job(jobId)?.state === "offered") journal.amend(jobId, { postedTx: tx });
      go(jobId);
    },
    async cancel(jobId) {
      const job = journal.job(jobId);
      if (job?.state !== "offered" || driving.has(jobId)) return;
      const onChain = await settlement.job(jobId);
      const current = journal.job(jobId);
      if (current?.state !== "offered" || driving.has(jobId) || (onChain.state !== "none" && onChain.state !== "cancelled")) return;
      end(current, "cancelled", new ZpuError("CANCELLED"));
    },
    async stop() {
      stopper.abort();
      clearInterval(sweeper);
      await Promise.race([Promise.all(driving.values()), new Promise((resolve) => setTimeout(resolve, STOP_MS))]);
    },
  };
}

function runOf(job: JobRecord): JobRun {
  if (!job.facts.run) throw new ZpuError("INTERNAL", { detail: "the run is missing in the journal" });
  return job.facts.run;
}
