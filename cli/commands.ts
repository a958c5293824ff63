/** The commands that talk to the running node: what it is doing, its jobs, the claim, a question, the end. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { connect } from "@zpu/ipc/rpc/connect";
import type { Client, Source } from "@zpu/ipc/rpc/contract";
import { describeError, ZpuError, type ErrorFacts } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import { isTerminal } from "@zpu/protocol/job";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import type { Command } from "./arguments.ts";
import { readDigit } from "./digit-file.ts";
import { local, type Local } from "./local-contract.ts";
import { whenUnlocked } from "./lock.ts";
import { dateText, jsonText, say, table } from "./output.ts";
import { dataDirOf } from "./paths.ts";
import { dialLocal } from "./socket.ts";

const ANSWER_MS = 10_000;
const ASK_MS = 120_000;
const STOP_MS = 5_000;

const tokens = (amountWei: bigint): string => `${weiToTokens(amountWei)} ${TOKEN_SYMBOL}`;

/** The first value of a state. */
export function firstOf<T>(source: Source<T>): Promise<T> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new ZpuError("TIMEOUT", { ms: ANSWER_MS, waiting: "waiting for the node's answer" })), ANSWER_MS);
    const stop = source((value) => {
      clearTimeout(timer);
      done(value);
      queueMicrotask(() => stop());
    });
  });
}

const ENDED_EARLY: ErrorFacts = { detail: "before it answered" };

/** Runs `work` with a client of the node of `command`; NOT_RUNNING where none runs, NODE_ENDED with the facts of `whenEnded` where it ends meanwhile. */
async function withNode<T>(command: Command, work: (node: Client<Local>) => Promise<T>, whenEnded = (): ErrorFacts => ENDED_EARLY): Promise<T> {
  const pipe = await dialLocal(dataDirOf(command.dataDir));
  const gone = new Promise<never>((_, fail) => {
    pipe.onClose(() => fail(new ZpuError("NODE_ENDED", whenEnded())));
  });
  gone.catch(() => undefined);
  try {
    return await Promise.race([work(connect(local, pipe, "NODE_ENDED")), gone]);
  } finally {
    pipe.close();
  }
}

function statusText(status: NodeStatus, earnings: EarningsSummary): string {
  const why = status.reason ? describeError(status.reason) : undefined;
  const rows: string[][] = [
    ["provider", status.provider],
    ["payout to", status.payout],
    ["registered", status.registered ? `yes, stake ${tokens(status.stakeWei)}` : "no"],
    ["takes jobs", why ? `no: ${why.sentence} ${why.remedy}` : "yes"],
    ["offers", status.offerings.map((offer) => `${offer.name} for ${tokens(offer.priceWei)}`).join(", ") || "nothing"],
    [
      "chain",
      `${status.chain.chainId.toString()} at ${status.chain.rpcUrl}, block ${status.chain.block}${status.chain.reachable ? "" : " (does not answer)"}`,
    ],
    ["peers", `${status.peers} connected${status.peerId === undefined ? "" : `, own id ${status.peerId}`}`],
    [
      "earned",
      `${tokens(earnings.claimedWei + earnings.claimableWei)}: ${tokens(earnings.claimableWei)} to claim, ${tokens(earnings.pendingWei)} on the way`,
    ],
    ...(status.hardware ? [["machine", `${status.hardware.cpu.name}, ${status.hardware.cpu.cores} cores, ${status.hardware.os}`]] : []),
    [
      "processes",
      status.processes
        .map((process) => `${process.name} ${process.state}${process.restarts > 0 ? ` (${process.restarts} restarts)` : ""}`)
        .join(", "),
    ],
    ["running", `since ${dateText(status.startedAtMs)}, version ${status.version}`],
  ];
  return table(rows);
}

function jobsText(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return "There are no jobs yet.";
  const rows = jobs.map((job) => [
    dateText(job.receivedAtMs),
    job.jobId.slice(0, 12),
    job.modelName,
    job.state,
    job.digit === undefined ? "-" : String(job.digit),
    tokens(job.priceWei),
    job.error ? describeError(job.error).sentence : "",
  ]);
  return table([["received", "job", "model", "state", "digit", "price", ""], ...rows]);
}

/** A job without its picture, for a program. */
const withoutPixels = ({ pixels: _pixels, ...job }: JobView): Omit<JobView, "pixels"> => job;

async function ask(command: Extract<Command, { name: "ask" }>): Promise<void> {
  const pixels = await readDigit(command.image);
  let asked: JobId | undefined;
  const whenEnded = (): ErrorFacts =>
    asked === undefined
      ? ENDED_EARLY
      : { detail: `while job ${asked} was on its way; the job is kept with its escrow and goes on at the next start`, jobId: asked };
  const followed = async (node: Client<Local>): Promise<void> => {
    const { jobId, proofUrl } = await node.jobs.ask({ pixels, ...(command.label === undefined ? {} : { label: command.label }) });
    asked = jobId;
    if (!command.json) say(`job ${jobId}`);
    let told = 0;
    const ended = new Promise<JobView>((done) => {
      const stop = node.jobs.list((jobs) => {
        const job = jobs.find((candidate) => candidate.jobId === jobId);
        if (!job) return;
        if (!command.json) for (const event of job.events.slice(told)) say(`  ${event.state}${event.tx ? `  tx ${event.tx}` : ""}`);
        told = job.events.length;
        if (!isTerminal(job.state)) return;
        queueMicrotask(() => stop());
        done(job);
      });
    });
    const timeout = new AbortController();
    const late = sleep(ASK_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new ZpuError("TIMEOUT", { ms: ASK_MS, waiting: `following job ${jobId}` });
    });
    late.catch(() => undefined);
    const job = await Promise.race([ended, late]);
    timeout.abort();
    if (job.state !== "paid") throw job.error ? ZpuError.from(job.error) : new ZpuError("INTERNAL", { detail: `the job ended ${job.state}` });
    if (command.json) say(jsonText({ ...withoutPixels(job), proofUrl }));
    else say(`It is a ${job.digit ?? "?"}.  Proven, verified on the chain and paid: ${tokens(job.priceWei)}\nproof: ${proofUrl}`);
  };
  await withNode(command, followed, whenEnded);
}

/** Runs one of the commands that need a running node. */
export async function runCommand(command: Exclude<Command, { name: "register" | "start" | "help" }>): Promise<void> {
  switch (command.name) {
    case "status":
      return withNode(command, async (node) => {
        const [status, earnings] = await Promise.all([firstOf(node.node.status), firstOf(node.earnings.summary)]);
        const { history: _history, earnedCount: _earned, claimsCount: _claims, ...amounts } = earnings;
        say(
          command.json
            ? jsonText({ ...status, earnings: { ...amounts, earned: earnings.earnedCount, claims: earnings.claimsCount } })
            : statusText(status, earnings),
        );
      });
    case "jobs":
      return withNode(command, async (node) => {
        const jobs = (await firstOf(node.jobs.list)).slice(0, command.limit);
        say(command.json ? jsonText({ jobs: jobs.map(withoutPixels) }) : jobsText(jobs));
      });
    case "claim":
      return withNode(command, async (node) => {
        const claimed = await node.earnings.claim({});
        say(command.json ? jsonText(claimed) : `claimed ${tokens(claimed.amountWei)}  tx ${claimed.tx}`);
      });
    case "ask":
      return ask(command);
    case "open":
      return withNode(command, async (node) => {
        const { url } = await node.web.open({});
        say(command.json ? jsonText({ url }) : url);
      });
    case "stop": {
      const dataDir = dataDirOf(command.dataDir);
      const pipe = await dialLocal(dataDir);
      await connect(local, pipe, "NOT_RUNNING").node.stop({});
      pipe.close();
      // The lock goes last, when all processes of the node have ended: from then on another may start.
      const ended = await whenUnlocked(dataDir, STOP_MS);
      if (!ended) throw new ZpuError("TIMEOUT", { ms: STOP_MS, waiting: "waiting for the node to end" });
      say(command.json ? jsonText({ stopped: true }) : "stopped");
    }
  }
}
