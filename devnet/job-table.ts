/** The live table of jobs in the terminal: redrawn in place on a screen, one line per change elsewhere. */
import type { JobView } from "@zpu/ipc/operator/jobs";
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

/** One job as one line of fixed columns. */
export function jobLine(job: JobView): string {
  const last = job.events.at(-1);
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
    WORDS[job.state].padEnd(18),
    (last === undefined ? "" : seconds(last.atMs - job.receivedAtMs)).padStart(7),
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
}

/** A table on `terminal`. */
export function openJobTable(terminal: Terminal): JobTable {
  let drawn = 0;
  let jobs: readonly JobView[] = [];
  const seen = new Map<string, string>();

  const clear = (): string => (drawn === 0 ? "" : `\x1b[${drawn}A\x1b[0J`);
  const draw = (): string => {
    if (jobs.length === 0) {
      drawn = 0;
      return "";
    }
    const width = terminal.columns !== undefined && terminal.columns >= 20 ? terminal.columns : 100;
    // A line that wraps would make the count of lines to go back wrong.
    const lines = [HEAD, ...jobs.slice(0, ROWS).map(jobLine)].map((line) => line.slice(0, width - 1));
    drawn = lines.length;
    return `${lines.join("\n")}\n`;
  };
  return {
    show(next) {
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
  };
}
