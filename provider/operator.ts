/** Answers what the owner asks: states to watch (node, jobs, earnings) and the few calls that act. */
import { isDeepStrictEqual } from "node:util";
import type { Handlers, Source } from "@zpu/ipc/rpc/contract";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { askOutput, LISTED_JOBS, LISTED_OFFERS, type JobView } from "@zpu/ipc/operator/jobs";
import type { Operator } from "@zpu/ipc/operator/contract";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { errorCode, errorFacts, ZpuError } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import { z } from "zod";
import type { Blobs } from "./base/blobs.ts";
import type { Journal } from "./base/journal.ts";
import { createView, logged, type Signal } from "./base/slice.ts";
import { jobView } from "./jobs/job-view.ts";
import { neverPosted, WORKING_STATES, type JobRecord } from "./jobs/record.ts";
import type { Ports } from "./ports.ts";
import type { Claims } from "./settlement/claims.ts";
import type { ChainSettlement } from "./settlement/settlement.ts";

const PACE_MS = 40;
/** So many of the newest jobs are listed with their pixels; `get` has them for every job. */
const PICTURED_JOBS = 60;
const EARNINGS_PACE_MS = 250;
const ASK_MS = 30_000;

/** What the operator's answers are made of. */
export interface OperatorParts {
  readonly journal: Journal;
  readonly blobs: Blobs;
  readonly steps: Signal<JobRecord>;
  readonly settlement: ChainSettlement;
  readonly claims: Claims;
  readonly status: Source<NodeStatus>;
  readonly discovery: () => DiscoveryDocument;
  readonly log: Ports["log"];
}

export interface OperatorServer {
  /** `node.stop` is answered by whoever runs the node: NOT_SUPPORTED here. */
  readonly handlers: Handlers<Operator>;
  stop(): void;
}

/** Builds the answers. */
export function createOperator(parts: OperatorParts): OperatorServer {
  const jobs = watchJobs(parts);
  const earnings = watchEarnings(parts);
  return {
    handlers: {
      node: {
        status: parts.status,
        stop: () => {
          throw new ZpuError("NOT_SUPPORTED", { what: "Stopping from here", alternatives: "Stop the program that runs the node." });
        },
      },
      jobs: {
        list: jobs.source,
        get: ({ jobId }) => jobs.view(jobId),
        ask: (input) => ask(parts, input),
      },
      earnings: {
        summary: earnings.source,
        async claim() {
          const claimed = await parts.claims.claim();
          earnings.refresh();
          return claimed;
        },
      },
    },
    stop() {
      jobs.stop();
      earnings.stop();
    },
  };
}

function watchJobs({ journal, blobs, steps, log }: OperatorParts): { source: Source<JobView[]>; view(jobId: JobId): JobView; stop(): void } {
  const report = logged(log, "the list of jobs was not told");
  const views = new Map<JobId, JobView>();
  /** Those among them that were never posted; they leave the list by themselves, so that they push no job out. */
  const offers = new Set<JobId>();
  /** The input, where it is still there: an old offer's is forgotten, and a damaged one must not hide the job. */
  const pixelsOf = (job: JobRecord): Uint8Array<ArrayBuffer> | undefined => {
    try {
      return blobs.get(job.facts.inputBlob);
    } catch (error) {
      log("warn", `a job is shown without its input: ${ZpuError.wrap(error).message}`, { jobId: job.jobId });
      return undefined;
    }
  };
  const make = (job: JobRecord): JobView => jobView(job, { pixels: pixelsOf(job), label: journal.label(job.jobId) });
  const leave = (ids: Iterable<JobId>, limit: number, size: number): void => {
    let over = size - limit;
    for (const jobId of ids) {
      if (over-- <= 0) return;
      views.delete(jobId);
      offers.delete(jobId);
    }
  };
  const put = (job: JobRecord): void => {
    views.set(job.jobId, make(job));
    if (neverPosted(job)) offers.add(job.jobId);
    else offers.delete(job.jobId);
  };
  for (const job of journal.recent(LISTED_JOBS, LISTED_OFFERS).reverse()) put(job);
  const list = createView(
    PACE_MS,
    () =>
      [...views.values()].reverse().map((view, index): JobView => {
        if (index < PICTURED_JOBS) return view;
        const { pixels: _left, ...rest } = view;
        return rest;
      }),
    report,
  );
  const off = steps.on((job) => {
    put(job);
    leave([...offers], LISTED_OFFERS, offers.size);
    leave([...views.keys()].filter((jobId) => !offers.has(jobId)), LISTED_JOBS, views.size - offers.size); // prettier-ignore
    list.touch();
  });
  return {
    source: list.source,
    view(jobId) {
      const job = journal.job(jobId);
      if (!job) throw new ZpuError("JOB_UNKNOWN", { jobId });
      return make(job);
    },
    stop() {
      off();
      list.stop();
    },
  };
}

/** Reads ledger and chain while somebody watches: at once for the first, then after steps and blocks; only a change is told. */
function watchEarnings({ journal, settlement, steps, log }: OperatorParts): { source: Source<EarningsSummary>; refresh(): void; stop(): void } {
  const report = logged(log, "the earnings were not told");
  const pendingWei = (): bigint =>
    journal.open().reduce((sum, job) => (WORKING_STATES.includes(job.state) ? sum + job.facts.spec.priceWei : sum), 0n);
  const listeners = new Set<(summary: EarningsSummary) => void>();
  /** What the chain said last; the rest is on this machine. */
  let onChain = { claimableWei: 0n, balanceWei: 0n };
  let last: EarningsSummary | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reading = false;
  let again = false;
  let stopped = false;

  const summary = async (): Promise<EarningsSummary> => {
    try {
      const read = await settlement.ledger.summary(pendingWei());
      onChain = { claimableWei: read.claimableWei, balanceWei: read.balanceWei };
      return read;
    } catch (error) {
      const known = ZpuError.wrap(error);
      if (known.code !== "CHAIN_UNREACHABLE" && known.code !== "CHAIN_MISMATCH") log("warn", `earnings were not read: ${known.message}`);
      return { ...onChain, pendingWei: pendingWei(), ...settlement.ledger.entries() };
    }
  };
  const tell = (listener: (summary: EarningsSummary) => void, value: EarningsSummary): void => {
    try {
      listener(value);
    } catch (error) {
      report(error);
    }
  };
  const read = async (): Promise<void> => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        const next = await summary();
        if (stopped || listeners.size === 0) return;
        if (last !== undefined && isDeepStrictEqual(last, next)) continue;
        last = next;
        for (const listener of [...listeners]) tell(listener, next);
      } while (again);
    } catch (error) {
      if (!stopped) report(error);
    } finally {
      reading = false;
    }
  };
  const refresh = (): void => {
    if (timer !== undefined || stopped || listeners.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      void read();
    }, EARNINGS_PACE_MS);
  };
  const offs = [steps.on(refresh), settlement.onHead(refresh)];
  return {
    source(listener) {
      const own = (value: EarningsSummary): void => listener(value);
      listeners.add(own);
      // While others watch, what they see is up to date; otherwise the first word is what is read now.
      if (last !== undefined) tell(own, last);
      else void read();
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) last = undefined;
      };
    },
    refresh,
    stop() {
      stopped = true;
      clearTimeout(timer);
      for (const off of offs) off();
    },
  };
}

/** An error as web services of the network write it (RFC 9457, with our code). */
const problem = z.object({ code: errorCode, facts: errorFacts.default({}) });

async function ask(
  { discovery, journal, steps }: OperatorParts,
  input: { pixels: Uint8Array; label?: number | undefined },
): Promise<z.infer<typeof askOutput>> {
  const { askUrl, devnet } = discovery();
  if (!devnet || askUrl === undefined) throw new ZpuError("DEVNET_ONLY");
  let response: Response;
  try {
    response = await fetch(askUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pixels: Buffer.from(input.pixels).toString("base64"), ...(input.label === undefined ? {} : { label: input.label }) }),
      signal: AbortSignal.timeout(ASK_MS),
      redirect: "error",
    });
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      throw new ZpuError("TIMEOUT", { ms: ASK_MS, waiting: "asking the devnet's requestor" }, error);
    throw new ZpuError("PEER_UNREACHABLE", { detail: "the devnet's requestor does not answer" }, error);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const refused = problem.safeParse(body);
    throw refused.success ? ZpuError.from(refused.data) : new ZpuError("INTERNAL", { detail: `the devnet's requestor answered ${response.status}` });
  }
  const parsed = askOutput.safeParse(body);
  if (!parsed.success) throw new ZpuError("MALFORMED_MESSAGE", { detail: "the answer of the devnet's requestor does not fit" });
  if (input.label !== undefined) {
    journal.setLabel(parsed.data.jobId, input.label);
    const job = journal.job(parsed.data.jobId);
    if (job) steps.tell(job);
  }
  return parsed.data;
}
