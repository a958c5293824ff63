/** Answers what the owner asks: states to watch (node, jobs, earnings) and the few calls that act. */
import type { Handlers, Source } from "@zpu/ipc/rpc/contract";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { askOutput, type JobView } from "@zpu/ipc/operator/jobs";
import type { Operator } from "@zpu/ipc/operator/contract";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { errorCode, errorFacts, ZpuError } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import { z } from "zod";
import type { Blobs } from "./base/blobs.ts";
import type { Journal } from "./base/journal.ts";
import { createState, createView, type Signal, type State } from "./base/slice.ts";
import { jobView } from "./jobs/job-view.ts";
import type { JobRecord } from "./jobs/record.ts";
import type { Ports } from "./ports.ts";
import type { Claims } from "./settlement/claims.ts";
import type { ChainSettlement } from "./settlement/settlement.ts";

const PACE_MS = 40;
const LISTED_JOBS = 200;
/** So many of the newest jobs are listed with their pixels; `get` has them for every job. */
const PICTURED_JOBS = 60;
const EARNINGS_PACE_MS = 250;
const ASK_MS = 30_000;
const WORKING: readonly string[] = ["accepting", "accepted", "executed", "proven", "submitting", "verified", "settling"];

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
        summary: earnings.state.source,
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

function watchJobs({ journal, blobs, steps }: OperatorParts): { source: Source<JobView[]>; view(jobId: JobId): JobView; stop(): void } {
  const views = new Map<JobId, JobView>();
  const make = (job: JobRecord): JobView => jobView(job, { pixels: blobs.get(job.facts.inputBlob), label: journal.label(job.jobId) });
  for (const job of journal.recent(LISTED_JOBS).reverse()) views.set(job.jobId, make(job));
  const list = createView(PACE_MS, () =>
    [...views.values()].reverse().map((view, index): JobView => {
      if (index < PICTURED_JOBS) return view;
      const { pixels: _left, ...rest } = view;
      return rest;
    }),
  );
  const off = steps.on((job) => {
    views.set(job.jobId, make(job));
    if (views.size > LISTED_JOBS) for (const oldest of [...views.keys()].slice(0, views.size - LISTED_JOBS)) views.delete(oldest);
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

function watchEarnings({ journal, settlement, steps, log }: OperatorParts): { state: State<EarningsSummary>; refresh(): void; stop(): void } {
  const pendingWei = (): bigint => journal.open().reduce((sum, job) => (WORKING.includes(job.state) ? sum + job.facts.spec.priceWei : sum), 0n);
  const state = createState<EarningsSummary>({ claimableWei: 0n, balanceWei: 0n, pendingWei: pendingWei(), ...settlement.ledger.entries() });
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const read = async (): Promise<void> => {
    try {
      const summary = await settlement.ledger.summary(pendingWei());
      if (!stopped) state.set(summary);
    } catch (error) {
      const known = ZpuError.wrap(error);
      if (known.code !== "CHAIN_UNREACHABLE" && known.code !== "CHAIN_MISMATCH" && !stopped) log("warn", `earnings were not read: ${known.message}`);
    }
  };
  const refresh = (): void => {
    if (timer !== undefined || stopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      void read();
    }, EARNINGS_PACE_MS);
  };
  const offs = [steps.on(refresh), settlement.onHead(refresh)];
  refresh();
  return {
    state,
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
