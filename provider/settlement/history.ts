/** Earnings over time in a bounded number of points, however many payments there are; every payment is added once and never read again. */
import type { EarningPoint } from "@zpu/ipc/operator/earnings";

export interface History {
  /** Payments may come in any order of time. */
  add(amountWei: bigint, atMs: number): void;
  readonly totalWei: bigint;
  readonly count: number;
  /** Oldest first; each point has the time of the last payment that it counts, the last one has the total. */
  points(): EarningPoint[];
}

/** An empty history. Payments share a point only once there are more than `maxPoints`; then spans of time do, each twice as long as before. */
export function createHistory(maxPoints: number): History {
  let spans = new Map<number, { amountWei: bigint; lastMs: number }>();
  let spanMs = 1;
  let totalWei = 0n;
  let count = 0;

  const put = (into: typeof spans, amountWei: bigint, atMs: number): void => {
    const span = Math.floor(atMs / spanMs);
    const before = into.get(span);
    into.set(span, { amountWei: (before?.amountWei ?? 0n) + amountWei, lastMs: Math.max(before?.lastMs ?? atMs, atMs) });
  };
  return {
    add(amountWei, atMs) {
      totalWei += amountWei;
      count += 1;
      put(spans, amountWei, atMs);
      while (spans.size > maxPoints) {
        spanMs *= 2;
        const wider: typeof spans = new Map();
        for (const { amountWei: amount, lastMs } of spans.values()) put(wider, amount, lastMs);
        spans = wider;
      }
    },
    get totalWei() {
      return totalWei;
    },
    get count() {
      return count;
    },
    points() {
      let sumWei = 0n;
      return [...spans.values()]
        .sort((a, b) => a.lastMs - b.lastMs)
        .map(({ amountWei, lastMs }) => {
          sumWei += amountWei;
          return { atMs: lastMs, totalWei: sumWei };
        });
    },
  };
}
