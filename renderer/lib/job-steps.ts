/** A job's twelve states as the five steps an owner follows; pure. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { JobState } from "@zpu/protocol/job";

export const STEP_NAMES = ["received", "run", "proven", "verified", "paid"] as const;
export type StepName = (typeof STEP_NAMES)[number];
export type StepStatus = "done" | "active" | "waiting" | "failed" | "skipped";

export interface Step {
  readonly name: StepName;
  readonly title: string;
  readonly status: StepStatus;
  /** What is going on, while active. */
  readonly note?: string;
  /** When the last thing happened, Unix ms, while active. */
  readonly sinceMs?: number;
  /** When the step was reached, Unix ms. */
  readonly atMs?: number;
  /** Milliseconds from the job's arrival to this step. */
  readonly afterMs?: number;
  /** The transaction that it ended with. */
  readonly tx?: string;
}

const TITLES: Record<StepName, string> = { received: "Received", run: "Run", proven: "Proven", verified: "Verified", paid: "Paid" };

/** The state whose event completes a step. */
const REACHED_BY: Record<StepName, JobState> = { received: "accepted", run: "executed", proven: "proven", verified: "verified", paid: "paid" };

const ACTIVE_NOTE: Partial<Record<JobState, string>> = {
  offered: "Waiting for the escrow",
  accepting: "Accepting on chain",
  accepted: "Running the model",
  executed: "Making the proof",
  proven: "Sending the proof",
  submitting: "Verifying on chain",
  verified: "Settling",
  settling: "Settling",
};

/** States that end a job without pay. */
export const FAILED_STATES: ReadonlySet<JobState> = new Set<JobState>(["cancelled", "expired", "failed"]);

/** The five steps of a job with what is done, what is going on and what will not happen any more. */
export function jobSteps(job: Pick<JobView, "state" | "events">): Step[] {
  const ended = FAILED_STATES.has(job.state);
  const arrivedMs = job.events[0]?.atMs ?? 0;
  let open = true;
  // A job that went back has to reach again what followed: what it had reached before then does not count.
  const backAt = job.events.findLastIndex(({ state }, index) => state === "submitting" && job.events[index - 1]?.state === "settling");
  const reached = (name: StepName) =>
    job.events.findLast(({ state }, index) => state === REACHED_BY[name] && (name !== "verified" || index > backAt));
  return STEP_NAMES.map((name): Step => {
    const event = reached(name);
    const base = { name, title: TITLES[name] };
    if (event) return { ...base, status: "done", atMs: event.atMs, afterMs: event.atMs - arrivedMs, ...(event.tx ? { tx: event.tx } : {}) };
    if (!open) return { ...base, status: ended ? "skipped" : "waiting" };
    open = false;
    if (ended) return { ...base, status: "failed" };
    const note = ACTIVE_NOTE[job.state];
    const sinceMs = job.events.at(-1)?.atMs;
    return { ...base, status: "active", ...(note ? { note } : {}), ...(sinceMs === undefined ? {} : { sinceMs }) };
  });
}

/** One or two words for where a job is. */
export function stateLabel(state: JobState): string {
  const labels: Record<JobState, string> = {
    offered: "Offered",
    accepting: "Accepting",
    accepted: "Running",
    executed: "Proving",
    proven: "Proven",
    submitting: "Verifying",
    verified: "Verified",
    settling: "Settling",
    paid: "Paid",
    cancelled: "Cancelled",
    expired: "Expired",
    failed: "Failed",
  };
  return labels[state];
}

/** Milliseconds from arrival to the payment; undefined before that. */
export function paidAfterMs(job: Pick<JobView, "receivedAtMs" | "events">): number | undefined {
  const paid = job.events.findLast(({ state }) => state === "paid");
  return paid ? paid.atMs - job.receivedAtMs : undefined;
}

/** Figures over the jobs listed. Medians are undefined without a value. */
export interface JobFigures {
  readonly open: number;
  readonly paid: number;
  readonly unpaidEnds: number;
  readonly earnedWei: bigint;
  readonly medianProveMs: number | undefined;
  readonly medianPaidMs: number | undefined;
}

/** Lower median of the values; undefined where there are none. */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

/** Counts and medians of a list of jobs. */
export function jobFigures(jobs: readonly JobView[]): JobFigures {
  const paid = jobs.filter(({ state }) => state === "paid");
  const unpaidEnds = jobs.filter(({ state }) => FAILED_STATES.has(state)).length;
  return {
    open: jobs.length - paid.length - unpaidEnds,
    paid: paid.length,
    unpaidEnds,
    earnedWei: paid.reduce((sum, { priceWei }) => sum + priceWei, 0n),
    medianProveMs: median(jobs.flatMap(({ stagesMs }) => stagesMs.prove ?? [])),
    medianPaidMs: median(jobs.flatMap((job) => paidAfterMs(job) ?? [])),
  };
}
