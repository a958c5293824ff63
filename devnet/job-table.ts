/** The live table of jobs in the terminal: redrawn in place on a screen, one line per change elsewhere. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { isTerminal } from "@zpu/protocol/job";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";

const ROWS = 8;
/** How each state reads in the table. */
const WORDS: Record<JobView["state"], string> = {
  offered: "received",
  accepting: "accepting on chain",
  accepted: "running",
  executed: "proving",
  proven: "proven",
  submitting: "verifying on chain",
  verified: "verified on chain",
  settling: "settling",
  paid: "paid",
  cancelled: "cancelled",
  expired: "expired",
  failed: "failed",
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const REDRAW_MS = 1000;

/** How a row is written: as it was told last, or with the time on its way until `nowMs` (Unix milliseconds); `ended`: then its node was gone. */
export type Look = "told" | { readonly nowMs: number; readonly ended?: boolean };

/** One job as one line of fixed columns. */
export function jobLine(job: JobView, look: Look = "told"): string {
  const last = job.events.at(-1);
  const untilMs = look !== "told" && !isTerminal(job.state) ? look.nowMs : last?.atMs;
  const tx = job.events.findLast((event) => event.tx !== undefined)?.tx;
  const answer =
    job.digit === undefined
      ? ""
      : job.label === undefined
        ? String(job.digit)
        : job.digit === job.label
          ? `${job.digit} = ${job.label}`
          : `${job.digit} (label ${job.label})`;
  return [
    job.jobId.slice(0, 10).padEnd(10),
    answer.padEnd(11),
    (look !== "told" && look.ended === true && !isTerminal(job.state) ? "interrupted" : WORDS[job.state]).padEnd(18),
    (untilMs === undefined ? "" : seconds(Math.max(0, untilMs - job.receivedAtMs))).padStart(7),
    `${weiToTokens(job.priceWei, 2)} ${TOKEN_SYMBOL}`.padStart(10),
    tx === undefined ? "" : `tx ${tx.slice(0, 12)}`,
    job.error === undefined ? "" : job.error.code,
  ]
    .join("  ")
    .trimEnd();
}

const HEAD = ["job".padEnd(10), "answer".padEnd(11), "state".padEnd(18), "time".padStart(7), "price".padStart(10), "last transaction"].join("  ");

/** Where the table is drawn. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A table that follows the jobs of a node, and lines printed above it. */
export interface JobTable {
  show(jobs: readonly JobView[]): void;
  /** Prints `line` so that it stays. */
  say(line: string): void;
  /** The node has ended: prints the table a last time, jobs on their way as interrupted; what is said from then on stands below it. */
  close(): void;
}

/** A table on `terminal`. */
export function openJobTable(terminal: Terminal): JobTable {
  let drawn = 0;
  let jobs: readonly JobView[] = [];
  let closed = false;
  const seen = new Map<string, string>();

  const clear = (): string => (drawn === 0 ? "" : `\x1b[${drawn}A\x1b[0J`);
  const draw = (look: Look = { nowMs: Date.now() }): string => {
    if (jobs.length === 0) {
      drawn = 0;
      return "";
    }
    const width = terminal.columns !== undefined && terminal.columns >= 20 ? terminal.columns : 100;
    // A line that wraps would make the count of lines to go back wrong.
    const lines = [HEAD, ...jobs.slice(0, ROWS).map((job) => jobLine(job, look))].map((line) => line.slice(0, width - 1));
    drawn = lines.length;
    return `${lines.join("\n")}\n`;
  };
  // The time of a job that is on its way goes on between two of its steps.
  const redraw = setInterval(() => {
    if (jobs.slice(0, ROWS).some((job) => !isTerminal(job.state))) terminal.write(clear() + draw());
  }, REDRAW_MS);
  redraw.unref();
  if (terminal.isTTY !== true) clearInterval(redraw);
  return {
    show(next) {
      if (closed) return;
      jobs = next;
      if (terminal.isTTY === true) {
        terminal.write(clear() + draw());
        return;
      }
      for (const job of [...next].reverse()) {
        if (seen.get(job.jobId) === job.state) continue;
        seen.set(job.jobId, job.state);
        terminal.write(`${jobLine(job)}\n`);
      }
    },
    say(line) {
      if (terminal.isTTY === true) {
        const cleared = clear();
        terminal.write(`${cleared}${line}\n${draw()}`);
      } else terminal.write(`${line}\n`);
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(redraw);
      if (terminal.isTTY === true) terminal.write(clear() + draw({ nowMs: Date.now(), ended: true }));
      else for (const job of jobs) if (!isTerminal(job.state)) terminal.write(`${jobLine(job, { nowMs: Date.now(), ended: true })}\n`);
      jobs = [];
      drawn = 0;
    },
  };
}
