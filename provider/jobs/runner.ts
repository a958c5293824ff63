/** The one path of a job through its states. Every step is on disk before the next begins, so a sudden end at any instant loses nothing. */
import { ZpuError } from "@zpu/protocol/errors";
import type { JobId, TxHash } from "@zpu/protocol/ids";
import { isTerminal, mayBecome, type JobState } from "@zpu/protocol/job";
import { isDiskFull } from "../base/disk.ts";
import type { Journal } from "../base/journal.ts";
import { createSignal, logged, type Signal } from "../base/slice.ts";
import type { ChainJob } from "../ports.ts";
import { neverPosted, type JobRecord } from "./record.ts";
import { createSteps, PARKED, type RecordStep, type StepParts } from "./steps.ts";

/** What the runner works with besides the steps' parts. */
export interface RunnerParts extends StepParts {
  readonly journal: Journal;
  /** Hears that a write failed for want of room. */
  diskFull(): void;
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

/** Nothing was done and nothing is lost: the step is tried again until the deadline. */
const WAITS: readonly string[] = ["CHAIN_UNREACHABLE", "CHAIN_MISMATCH", "INSUFFICIENT_FUNDS"];
const DIED: readonly string[] = ["EXECUTOR_DIED", "PROVER_DIED", "SIGNER_DIED"];
const SWEEP_MS = 1_000;
/** So many offers that ended without ever being posted stay to be seen; older ones are forgotten, with their inputs. */
export const KEPT_OFFERS = 50;
/** A step that waits for the chain or a process is left behind after this long; it is taken up after the next start. */
const STOP_MS = 250;

/** Makes a runner; nothing moves before `resume` or `posted`. */
export function createRunner(parts: RunnerParts): Runner {
  const { journal, settlement, now, log, retryMs = 1_000, maxAttempts = 5, postedWaitMs = 10_000 } = parts;
  const steps = createSignal<JobRecord>(logged(log, "whoever hears of jobs failed"));
  const driving = new Map<JobId, Promise<void>>();
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

  /** Inputs go first: after a sudden end in between a record without its input is forgotten the next time. */
  const forgetOffers = (): void => {
    try {
      for (const input of journal.staleInputs(KEPT_OFFERS)) parts.blobs.remove(input);
      journal.forgetOffers(KEPT_OFFERS);
    } catch (error) {
      log("warn", `ended offers are forgotten later: ${ZpuError.wrap(error).message}`);
    }
  };
  const record: RecordStep = (jobId, to, facts = {}) => {
    const job = journal.step(jobId, to, now(), facts);
    if (isTerminal(to) && neverPosted(job)) forgetOffers();
    log("info", `job ${to}`, { jobId, ...(facts.tx ? { tx: facts.tx } : {}), ...(facts.error ? { error: facts.error.code } : {}) });
    steps.tell(job);
  };
  const end = (job: JobRecord, state: "cancelled" | "expired" | "failed", error: ZpuError): void =>
    record(job.jobId, state, { error: error.toRecord() });
  const way = createSteps(parts, record);
  /** Whether what the job's state waits for cannot happen any more. */
  const tooLate = ({ state, facts: { spec } }: JobRecord): boolean => now() >= (state === "accepting" ? spec.acceptBy : spec.deadline) * 1000;

  /** What an error in a step means: another try, or the end of the job. */
  const failed = async (job: JobRecord, error: unknown, attempt: number): Promise<void> => {
    const known = ZpuError.wrap(error);
    if (isDiskFull(error)) parts.diskFull();
    // Past its time a job does not fail for what its process did: its next step ends it as expired.
    const onceMore = DIED.includes(known.code) && (attempt < maxAttempts || tooLate(job));
    const waits = isDiskFull(error) || WAITS.includes(known.code) || onceMore;
    const ending = known.code === "JOB_EXPIRED" && mayBecome(job.state, "expired") ? "expired" : "failed";
    if (!waits && mayBecome(job.state, ending)) {
      try {
        return end(job, ending, known);
      } catch (second) {
        if (!isDiskFull(second)) throw second;
      }
    }
    log(waits ? "warn" : "error", `job stays ${job.state} and is tried again: ${known.message}`, { jobId: job.jobId, code: known.code, attempt });
    await pause(Math.min(retryMs * 2 ** Math.min(attempt - 1, 4), 30_000));
    // A proof that the chain has verified is paid after the deadline as well: settling goes on.
    if (known.code === "INSUFFICIENT_FUNDS" && job.state !== "settling" && tooLate(job) && mayBecome(job.state, "expired"))
      end(job, "expired", known);
  };

  const drive = async (jobId: JobId): Promise<void> => {
    let attempt = 0;
    let last: JobState | undefined;
    while (!stopped()) {
      const job = journal.job(jobId);
      const step = job && way.of[job.state];
      if (!job || !step || isTerminal(job.state)) {
        way.forget(jobId);
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
    const driven = drive(jobId)
      .catch((error: unknown) => {
        log("error", `job is left as it is: ${ZpuError.wrap(error).message}`, { jobId });
      })
      .finally(() => {
        driving.delete(jobId);
        if (again.delete(jobId)) go(jobId);
      });
    driving.set(jobId, driven);
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
      if (journal.job(jobId)?.state === "offered") journal.amend(jobId, { postedTx: tx, seenOnChain: true });
      go(jobId);
    },
    async cancel(jobId) {
      const job = journal.job(jobId);
      if (job?.state !== "offered") return;
      await driving.get(jobId);
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
