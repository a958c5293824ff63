/** Cumulative earnings as points of a staircase, and the round numbers its axes are labelled with; pure. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";

/** Everything earned up to and including a moment. */
export type SeriesPoint = EarningsSummary["history"][number];

/**
 * The payments between the two times, in words: counted where the entries listed (the newest) or the count of all tell it exactly, else a
 * lower bound.
 */
export function paymentsBetween(summary: Pick<EarningsSummary, "earned" | "earnedCount" | "history">, fromMs: number, toMs: number): string {
  const { earned, earnedCount, history } = summary;
  const listed = earned.filter(({ atMs }) => atMs > fromMs && atMs <= toMs).length;
  const all = (history[0]?.atMs ?? Infinity) > fromMs && (earned.at(-1)?.atMs ?? -Infinity) <= toMs;
  if (all) return count(earnedCount, "payment");
  const exact = earned.length === earnedCount || (earned[0]?.atMs ?? -Infinity) <= fromMs;
  return exact ? count(listed, "payment") : `at least ${count(listed, "payment")}`;
}
const count = (of: number, what: string): string => `${of.toLocaleString("en")} ${what}${of === 1 ? "" : "s"}`;

/** Everything earned so far, oldest first: one point per payment that is listed, and before those the history's points. */
export function seriesOf({ earned, history }: Pick<EarningsSummary, "earned" | "history">): SeriesPoint[] {
  const firstMs = earned[0]?.atMs ?? Infinity;
  let totalWei = earned.reduce((sum, { amountWei }) => sum - amountWei, history.at(-1)?.totalWei ?? 0n);
  const listed = earned.map(({ atMs, amountWei }) => {
    totalWei += amountWei;
    return { atMs, totalWei };
  });
  return [...history.filter(({ atMs }) => atMs < firstMs), ...listed];
}

/** What had been earned at `atMs`. */
export function totalAt(series: readonly SeriesPoint[], atMs: number): bigint {
  return series.findLast((point) => point.atMs <= atMs)?.totalWei ?? 0n;
}

/** The part of the staircase in a window: it starts with the level held at `fromMs` and ends with the one held at `toMs`. */
export function windowOf(series: readonly SeriesPoint[], fromMs: number, toMs: number): SeriesPoint[] {
  const inside = series.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  return [{ atMs: fromMs, totalWei: totalAt(series, fromMs) }, ...inside, { atMs: toMs, totalWei: totalAt(series, toMs) }];
}

/** At most `most` + 1 round values (1, 2 or 5 times a power of ten apart) from 0 to at least `high`. */
export function valueTicks(high: number, most: number): number[] {
  if (!(high > 0)) return [0, 1];
  const rough = high / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
  return Array.from({ length: Math.ceil(high / step - 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

const MINUTE_MS = 60_000;
const TIME_STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 43_200, 129_600].map(
  (minutes) => minutes * MINUTE_MS,
);

/** Times between the two ends at round local clock values, at most `most` of them. */
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  const secondSteps = [1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000);
  const step = [...secondSteps, ...TIME_STEPS_MS].find((candidate) => (toMs - fromMs) / candidate <= most) ?? (toMs - fromMs) / most;
  const offset = new Date(fromMs).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((fromMs - offset) / step) * step + offset;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / step) + 1) }, (_, index) => first + index * step);
}
