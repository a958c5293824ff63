/** Cumulative earnings as points of a staircase, and the round numbers its axes are labelled with; pure. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";

export interface SeriesPoint {
  readonly atMs: number;
  /** Everything earned up to and including this moment. */
  readonly totalWei: bigint;
}

/** Everything earned so far, oldest first, one point per payment. */
export function cumulative(earned: EarningsSummary["earned"]): SeriesPoint[] {
  let totalWei = 0n;
  return [...earned]
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ atMs, amountWei }) => {
      totalWei += amountWei;
      return { atMs, totalWei };
    });
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
