/** `npm start`: brings up devnet and provider, sends demonstration jobs, claims, and ends everything on Ctrl-C. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZpuError } from "@zpu/protocol/errors";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import { isTerminal } from "@zpu/protocol/job";
import { outliveReaders } from "@zpu/provider/base/closed-output";
import { parseArguments, USAGE, type Options } from "./arguments.ts";
import { killGroup, ROOT, type Child } from "./child.ts";
import { runJobs, sendDigit, type JobsReport } from "./jobs-run.ts";
import { openJobTable } from "./job-table.ts";
import { alreadyRunning, childEnded, closing, pagesAt, whatFollows, type Income } from "./launcher-words.ts";
import { lockDataDir } from "./lock.ts";
import { openLogs } from "./log-files.ts";
import { ensurePages, openBrowser } from "./pages.ts";
import { freePort } from "./ports.ts";
import { registerProvider, startDevnet, startProvider, type RunningProvider, type Watcher } from "./session.ts";

const STOP_LIMIT_MS = 2000;
/** An answer that never comes because its process has ended is told from other failures within this time. */
const ENDING_SHOWS_MS = 1000;
/** Holds the address of the pages while a launcher runs, for whoever starts a second one. */
const PAGES_NOTE = "pages.url";
const startedMs = performance.now();
const sinceStart = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;

/** Everything that runs, so that the end finds all of it. */
const children: Child[] = [];
let ending: Promise<void> | undefined;
/** Set once there is something to say at the end: closes the table and gives the closing line. */
let concluding: (() => string) | undefined;

/** Stops providers before the devnet they talk to; whatever is left after two seconds is killed. */
function endAll(): Promise<void> {
  ending ??= (async () => {
    const running = [...children].reverse();
    const early = running.filter((child) => child.name !== "devnet");
    const late = running.filter((child) => child.name === "devnet");
    const began = performance.now();
    await Promise.all(early.map((child) => child.stop(STOP_LIMIT_MS - 500)));
    await Promise.all(late.map((child) => child.stop(Math.max(200, STOP_LIMIT_MS - (performance.now() - began)))));
  })();
  return ending;
}

/** Resolves once the devnet or the provider has ended, with a sentence about it. */
async function firstToEnd(): Promise<{ words: string }> {
  const lasting = children.filter((child) => child.name === "devnet" || child.name === "provider");
  return Promise.race(
    lasting.map(async ({ name, exited }) => {
      const { code, signal } = await exited;
      return { words: `the ${name} ended (${signal ?? `exit ${code ?? "?"}`})` };
    }),
  );
}

function dataDirOf(options: Options): { dir: string; temporary: boolean } {
  const named = options.dataDir ?? (options.jobs === undefined ? (process.env.ZPU_DATA ?? join(ROOT, ".data", "devnet")) : undefined);
  if (named !== undefined) return { dir: resolve(process.env.INIT_CWD ?? process.cwd(), named), temporary: false };
  return { dir: mkdtempSync(join(tmpdir(), "zpu-devnet-")), temporary: true };
}

/** Takes `dir` for this launcher; says who has it and returns false where another one does. */
function take(dir: string, temporary: boolean): boolean {
  let unlock: () => void;
  try {
    unlock = lockDataDir(dir);
  } catch (error) {
    if (!(error instanceof ZpuError) || error.code !== "ALREADY_RUNNING") throw error;
    const note = join(dir, PAGES_NOTE);
    process.stderr.write(`${alreadyRunning(dir, String(error.facts.pid), existsSync(note) ? readFileSync(note, "utf8") : undefined)}\n`);
    return false;
  }
  rmSync(join(dir, PAGES_NOTE), { force: true });
  process.on("exit", () => {
    unlock();
    if (temporary) rmSync(dir, { recursive: true, force: true });
  });
  return true;
}

async function run(options: Options): Promise<number> {
  const { dir, temporary } = dataDirOf(options);
  if (!take(dir, temporary)) return 1;
  const known = existsSync(join(dir, "chain"));
  const table = openJobTable(options.json ? { write: (text) => process.stderr.write(text) } : process.stdout);
  const say = (line: string): void => table.say(line);
  const logs = openLogs(join(dir, "logs"));
  const watcher: Watcher = {
    track(child) {
      children.push(child);
      if (ending !== undefined) killGroup(child.pid);
    },
    log(name, line) {
      logs(name, line);
      if (process.env.ZPU_LOG !== undefined) say(`[${name}] ${line}`);
    },
    progress: say,
  };

  let first: Income | undefined;
  let last: Income | undefined;
  if (options.jobs === undefined)
    concluding = () => {
      table.close();
      return closing(dir, first, last);
    };
  say(`devnet in ${dir}${known ? " (continued)" : ""}`);
  const pages = options.headless ? undefined : ensurePages(watcher.track);
  pages?.catch(() => undefined);
  const devnet = await startDevnet(dir, watcher);
  say(`chain, contracts and gateway at ${devnet.url}  (${sinceStart()})`);
  await registerProvider(dir, devnet, watcher);
  await pages;
  const provider = await startProvider(dir, devnet.url, watcher, options.headless ? {} : { port: await freePort(options.port) });
  say(`provider ${provider.provider} is online  (${sinceStart()})`);
  if (!options.headless) showPages(provider, dir, options, say);
  let openJobs = 0;
  const stopTable = provider.operator.jobs.list((jobs) => {
    openJobs = jobs.filter((job) => !isTerminal(job.state)).length;
    table.show(jobs);
  });
  provider.operator.earnings.summary((income) => {
    first ??= income;
    last = income;
  });
  const stopAfter = async (words: string): Promise<number> => {
    table.close();
    if (temporary) say(`${words}, so everything is stopped; the folder of this run is removed.`);
    else for (const line of childEnded(dir, words, openJobs)) say(line);
    await endAll();
    return 1;
  };

  const sending = runJobs({
    devnet,
    provider,
    jobs: options.jobs ?? 3,
    sinceStartMs: () => performance.now() - startedMs,
    onFirstPayout: (payout) => say(`FIRST PAYOUT ${weiToTokens(payout.amountWei)} ${TOKEN_SYMBOL}  tx ${payout.tx}  (${sinceStart()} after start)`),
  });
  const ended = firstToEnd();
  // Where a child ends, what was asked of it fails too, and may be heard of first.
  const failed = sending.then(
    () => undefined,
    (error: unknown) =>
      Promise.race([
        ended,
        sleep(ENDING_SHOWS_MS).then(() => {
          throw error;
        }),
      ]),
  );
  const cut = await Promise.race([failed, ended]);
  if (cut !== undefined) {
    if (ending === undefined) return stopAfter(cut.words);
    await ending;
    return 0;
  }
  const report = await sending;
  if (options.jobs !== undefined) {
    stopTable();
    await endAll();
    return conclude(report, options);
  }
  const pagesUrl = options.headless ? undefined : provider.webUrl;
  for (const line of whatFollows(dir, options.everySeconds, pagesUrl !== undefined)) say(line);
  if (pagesUrl !== undefined) say(pagesAt(dir, new URL(pagesUrl).origin));
  say("Running; Ctrl-C ends everything.");
  return keepSending({ devnet, provider }, options, say, stopAfter);
}

function showPages(provider: RunningProvider, dir: string, options: Options, say: (line: string) => void): void {
  if (provider.webUrl === undefined) return say("the provider serves no pages");
  writeFileSync(join(dir, PAGES_NOTE), new URL(provider.webUrl).origin, { mode: 0o600 });
  say(`pages: ${provider.webUrl}`);
  say("  Jobs      every job's way, live");
  say("  Earnings  what was paid, and the claim");
  say("  Ask       draw a digit and watch it go");
  if (options.open && openBrowser(provider.webUrl)) say("  (opened in your browser)");
}

/** One demonstration job every while, until a child ends or Ctrl-C. */
async function keepSending(
  running: Parameters<typeof sendDigit>[0],
  options: Options,
  say: (line: string) => void,
  stopAfter: (words: string) => Promise<number>,
): Promise<number> {
  const timer =
    options.everySeconds === 0
      ? undefined
      : setInterval(() => {
          sendDigit(running).catch((error: unknown) => {
            if (ending === undefined) say(`the demonstration job was not taken: ${ZpuError.wrap(error).message}`);
          });
        }, options.everySeconds * 1000);
  const { words } = await firstToEnd();
  clearInterval(timer);
  if (ending === undefined) return stopAfter(words);
  await ending;
  return 0;
}

function conclude(report: JobsReport, options: Options): number {
  if (options.json) {
    const text = JSON.stringify({
      jobs: report.jobs.map((job) => ({ ...job, paidWei: job.paidWei.toString() })),
      claimedWei: report.claimedWei.toString(),
      balanceDeltaWei: report.balanceDeltaWei.toString(),
      firstPaidMs: report.firstPaidMs,
    });
    process.stdout.write(`${text}\n`);
  } else {
    for (const job of report.jobs)
      process.stdout.write(
        `${job.jobId}  answer ${job.output}  label ${job.expected}  proof on chain ${job.proofVerifiedOnChain ? "verified" : "NOT verified"}  paid ${weiToTokens(job.paidWei)} ${TOKEN_SYMBOL}\n`,
      );
    process.stdout.write(
      `claimed ${weiToTokens(report.claimedWei)} ${TOKEN_SYMBOL}, balance up by ${weiToTokens(report.balanceDeltaWei)} ${TOKEN_SYMBOL}\n`,
    );
  }
  for (const problem of report.problems) process.stderr.write(`${problem}\n`);
  return report.problems.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2));
  if (!parsed.ok) {
    if (parsed.help) process.stdout.write(USAGE);
    else process.stderr.write(`${parsed.reason}\n\n${USAGE}`);
    return parsed.help ? 0 : 2;
  }
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      asked += 1;
      if (asked > 1) for (const child of children) killGroup(child.pid);
      const closingLine = asked === 1 ? concluding?.() : undefined;
      void endAll().then(() => {
        if (closingLine !== undefined) process.stdout.write(`${closingLine}\n`);
        process.exit(signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1);
      });
    });
  }
  // The starter may be killed without a word (a closed terminal, kill -9): nothing may be left then either.
  const starter = process.ppid;
  setInterval(() => {
    if (process.ppid !== starter) void endAll().then(() => process.exit(1));
  }, 500).unref();
  try {
    return await run(parsed.options);
  } catch (error) {
    if (ending !== undefined) {
      await ending;
      return asked > 0 ? 0 : 1;
    }
    const known = error instanceof ZpuError ? error : undefined;
    process.stderr.write(known ? `${known.message}\n${known.remedy}\n` : `${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await endAll();
  }
}

outliveReaders();
process.exit(await main());
