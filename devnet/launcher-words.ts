/** What the launcher says at its turning points, as plain functions: already running, after the first payouts, a child that ended, the end. */
import { join } from "node:path";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import { ROOT } from "./child.ts";
import { folders } from "./session.ts";

const tokens = (amountWei: bigint): string => `${weiToTokens(amountWei)} ${TOKEN_SYMBOL}`;
const jobsOf = (count: number): string => `${count} ${count === 1 ? "job" : "jobs"}`;
const isUsual = (dir: string): boolean => dir === join(ROOT, ".data", "devnet");

/** The command that a person in the clone types to reach the node of the launcher's folder `dir`. */
export const nodeCommand = (dir: string, command: string): string =>
  `npx zpu-node ${command}${isUsual(dir) ? "" : ` --data ${folders(dir).provider}`}`;

/** The command that goes on with the launcher's folder `dir`. */
export const startCommand = (dir: string): string => `npm start${isUsual(dir) ? "" : ` -- --data ${dir}`}`;

/** For a second start on `dir`: who runs (a process id), where its pages are (their address, where known), what to do. */
export const alreadyRunning = (dir: string, pid: string, pages: string | undefined): string =>
  [
    `It already runs on ${dir} (process ${pid}).`,
    ...(pages === undefined ? [] : [`Its pages are at ${pages}; a link that opens them: ${nodeCommand(dir, "open")}`]),
    "To run another one beside it, choose another folder: npm start -- --data DIR",
  ].join("\n");

/** How later payouts reach the owner, and what goes on by itself; `everySeconds` 0: nothing does. */
export const whatFollows = (dir: string, everySeconds: number, pages: boolean): readonly string[] => [
  `Later payouts wait until you claim them: ${pages ? "on the Earnings page, or " : ""}${nodeCommand(dir, "claim")}`,
  ...(everySeconds > 0 ? [`A demonstration job follows every ${everySeconds} s (--every 0 stops that).`] : []),
];

/** Where the pages are, in words that still work when the address printed first has been used. */
export const pagesAt = (dir: string, origin: string): string =>
  `Jobs, Earnings and Ask are at ${origin}; for a link that opens them in another browser: ${nodeCommand(dir, "open")}`;

/** The last words where a child has ended by itself. */
export const childEnded = (dir: string, words: string, openJobs: number): readonly string[] => [
  `${words}, so everything is stopped.`,
  `No job is lost: ${openJobs === 0 ? "none was on its way" : `${jobsOf(openJobs)} on the way ${openJobs === 1 ? "is" : "are"} kept and ${openJobs === 1 ? "goes" : "go"} on`}. To go on: ${startCommand(dir)}`,
  `What it said last is in ${join(dir, "logs")}`,
];

/** What a run has brought so far. */
export type Income = Pick<EarningsSummary, "earnedCount" | "claimableWei" | "claimedWei">;

/** The closing line: what came in between `first` and `last`, and where everything is kept. */
export function closing(dir: string, first: Income | undefined, last: Income | undefined): string {
  const kept = `Everything is kept in ${dir}; ${startCommand(dir)} goes on there.`;
  if (first === undefined || last === undefined) return `Ended. ${kept}`;
  const earnedWei = last.claimedWei + last.claimableWei - first.claimedWei - first.claimableWei;
  return `Ended. In this run ${jobsOf(last.earnedCount - first.earnedCount)} paid: ${tokens(earnedWei)} earned, ${tokens(last.claimedWei - first.claimedWei)} claimed. ${kept}`;
}
