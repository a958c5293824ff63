/** Sends demonstration jobs, follows each to its payment, claims, and adds up what the chain says. */
import { setTimeout as sleep } from "node:timers/promises";
import { ZpuError } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import type { Source } from "@zpu/ipc/rpc/contract";
import type { RunningDevnet, RunningProvider } from "./session.ts";

const JOB_LIMIT_MS = 120_000;
const ONLINE_LIMIT_MS = 30_000;

/** A job with what the data set expects of it. */
export interface ReportedJob {
  readonly jobId: string;
  readonly output: number;
  readonly expected: number;
  readonly proofVerifiedOnChain: boolean;
  readonly provider: string;
  readonly paidWei: bigint;
}

/** What came of a run. `problems` is empty where every job was proven, paid and claimed and the sums agree. */
export interface JobsReport {
  readonly jobs: readonly ReportedJob[];
  readonly claimedWei: bigint;
  readonly balanceDeltaWei: bigint;
  /** Milliseconds from the start to the first payout on the chain. */
  readonly firstPaidMs: number;
  readonly problems: readonly string[];
}

export interface JobsRun {
  readonly devnet: RunningDevnet;
  readonly provider: RunningProvider;
  readonly jobs: number;
  sinceStartMs(): number;
  onFirstPayout(payout: { amountWei: bigint; tx: string }): void;
}

/** The first value of a slice that satisfies `fits`; TIMEOUT where there is none within `limitMs`. */
export function whenSlice<T>(source: Source<T>, fits: (value: T) => boolean, limitMs: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new ZpuError("TIMEOUT", { ms: limitMs, waiting: "waiting for the provider" })), limitMs);
  const stop = source((value) => {
    if (fits(value)) resolve(value);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    stop();
  });
}

/**
 * Sends one held-out digit by the way that the owner's page takes: the node passes it to the devnet's requestor, which posts a paid
 * job, so that the page can show the label beside the answer. A provider not yet visible at the gateway is asked again for a while.
 */
export async function sendDigit({ devnet, provider }: Pick<JobsRun, "devnet" | "provider">): Promise<{ jobId: JobId; expected: number }> {
  const digit = await devnet.control.digit({});
  const limit = performance.now() + ONLINE_LIMIT_MS;
  for (;;) {
    try {
      const { jobId } = await provider.operator.jobs.ask(digit);
      return { jobId, expected: digit.label };
    } catch (error) {
      const { code } = ZpuError.wrap(error);
      if (performance.now() > limit || !["NO_PROVIDER", "PROVIDER_BUSY", "RATE_LIMITED"].includes(code)) throw error;
      await sleep(200);
    }
  }
}

const claim = async (provider: RunningProvider): Promise<{ amountWei: bigint; tx: string } | undefined> => {
  try {
    return await provider.operator.earnings.claim({});
  } catch (error) {
    if (ZpuError.wrap(error).code === "NOTHING_TO_CLAIM") return undefined;
    throw error;
  }
};

/** Runs `jobs` jobs one after another (each is sent as soon as the one before is taken) and claims all they pay. */
export async function runJobs(run: JobsRun): Promise<JobsReport> {
  const { devnet, provider } = run;
  const status: NodeStatus = await whenSlice(provider.operator.node.status, (value) => value.accepting, ONLINE_LIMIT_MS);
  // What an earlier run left unclaimed is not this run's income.
  const before: EarningsSummary = await whenSlice(provider.operator.earnings.summary, () => true, ONLINE_LIMIT_MS);
  if (before.claimableWei > 0n) await claim(provider);
  const balance = async (): Promise<bigint> => (await devnet.control.tokenBalance({ account: status.payout })).balanceWei;
  const balanceBefore = await balance();

  let claimedWei = 0n;
  let firstPaidMs = 0;
  let claiming: Promise<void> | undefined;
  const claimAll = async (): Promise<void> => {
    const payout = await claim(provider);
    if (payout === undefined) return;
    claimedWei += payout.amountWei;
    if (firstPaidMs > 0) return;
    firstPaidMs = Math.round(run.sinceStartMs());
    run.onFirstPayout(payout);
  };
  const follow = async (sent: { jobId: JobId; expected: number }): Promise<ReportedJob> => {
    const result = await devnet.control.outcome({ jobId: sent.jobId, timeoutMs: JOB_LIMIT_MS });
    claiming ??= claimAll();
    await claiming;
    return {
      jobId: result.jobId,
      output: result.output,
      expected: sent.expected,
      proofVerifiedOnChain: result.proofVerifiedOnChain,
      provider: result.provider,
      paidWei: result.paidWei,
    };
  };

  const problems: string[] = [];
  const following: Promise<ReportedJob | undefined>[] = [];
  for (let index = 0; index < run.jobs; index += 1) {
    const sent = await sendDigit(run);
    following.push(
      follow(sent).catch((error: unknown) => {
        problems.push(`job ${sent.jobId}: ${ZpuError.wrap(error).message}`);
        return undefined;
      }),
    );
  }
  const jobs = (await Promise.all(following)).filter((job) => job !== undefined);
  await claimAll();
  const balanceDeltaWei = (await balance()) - balanceBefore;
  const paidWei = jobs.reduce((sum, job) => sum + job.paidWei, 0n);
  for (const job of jobs) {
    if (!job.proofVerifiedOnChain) problems.push(`job ${job.jobId}: its proof is not on the chain`);
    if (job.paidWei === 0n) problems.push(`job ${job.jobId}: it was not paid`);
  }
  if (paidWei !== claimedWei) problems.push(`paid ${paidWei} wei but claimed ${claimedWei} wei`);
  if (claimedWei !== balanceDeltaWei) problems.push(`claimed ${claimedWei} wei but the balance rose by ${balanceDeltaWei} wei`);
  return { jobs, claimedWei, balanceDeltaWei, firstPaidMs, problems };
}
