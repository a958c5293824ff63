/** The staircase adds up, its window keeps the level it starts from, and its axes are round. */
import { jobId, txHash } from "@zpu/protocol/ids";
import { describe, expect, it } from "vitest";
import { paymentsBetween, seriesOf, timeTicks, totalAt, valueTicks, windowOf } from "./earnings-series.ts";

const entry = (atMs: number, amountWei: bigint) => ({
  atMs,
  amountWei,
  jobId: jobId.parse(`0x${"11".repeat(32)}`),
  tx: txHash.parse(`0x${"22".repeat(32)}`),
});
const earned = [entry(100, 2n), entry(200, 3n), entry(300, 5n)];
const series = seriesOf({ earned, history: [{ atMs: 200, totalWei: 5n }, { atMs: 300, totalWei: 10n }] }); // prettier-ignore

describe("the staircase", () => {
  it("sums in the order of time", () => expect(series).toEqual([100, 200, 300].map((atMs, index) => ({ atMs, totalWei: [2n, 5n, 10n][index] }))));
  it("goes on from the history where that reaches further back than the list", () =>
    expect(seriesOf({ earned, history: [{ atMs: 40, totalWei: 7n }, { atMs: 250, totalWei: 100n }, { atMs: 300, totalWei: 110n }] })).toEqual([
      { atMs: 40, totalWei: 7n },
      { atMs: 100, totalWei: 102n },
      { atMs: 200, totalWei: 105n },
      { atMs: 300, totalWei: 110n },
    ])); // prettier-ignore
  it("holds its level between payments", () => {
    expect(totalAt(series, 99)).toBe(0n);
    expect(totalAt(series, 250)).toBe(5n);
    expect(totalAt(series, 1_000)).toBe(10n);
  });
  it("starts a window at the level reached before it", () => {
    expect(windowOf(series, 150, 260)).toEqual([
      { atMs: 150, totalWei: 2n },
      { atMs: 200, totalWei: 5n },
      { atMs: 260, totalWei: 5n },
    ]);
  });
});

describe("payments in a window", () => {
  it("are counted where all of them are listed", () => {
    const summary = { earned, earnedCount: 3, history: series };
    expect(paymentsBetween(summary, 50, 400)).toBe("3 payments");
    expect(paymentsBetween(summary, 100, 400)).toBe("2 payments");
    expect(paymentsBetween(summary, 250, 400)).toBe("1 payment");
    expect(paymentsBetween(summary, 350, 400)).toBe("0 payments");
  });
  it("are all of them over the whole history, exact within what is listed, and a lower bound before that", () => {
    const summary = { earned, earnedCount: 4_321, history: [{ atMs: 10, totalWei: 1n }, ...series] };
    expect(paymentsBetween(summary, 5, 400)).toBe("4,321 payments");
    expect(paymentsBetween(summary, 150, 400)).toBe("2 payments");
    expect(paymentsBetween(summary, 50, 400)).toBe("at least 3 payments");
  });
});

describe("axes", () => {
  it.each([0.003, 0.9, 1, 7, 92, 1_000, 12_345])("round values reach %s in few ticks", (high) => {
    const ticks = valueTicks(high, 4);
    expect(ticks[0]).toBe(0);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(String((ticks[1] ?? 0) / 10 ** Math.floor(Math.log10(ticks[1] ?? 1)))).toMatch(/^(1|2|5)/);
  });
  it("has an axis where nothing was earned", () => expect(valueTicks(0, 4)).toEqual([0, 1]));
  it.each([20_000, 600_000, 3_600_000, 86_400_000, 604_800_000, 31_536_000_000])("a span of %s ms has round local times within it", (spanMs) => {
    const fromMs = new Date(2026, 4, 3, 9, 12, 41).getTime();
    const ticks = timeTicks(fromMs, fromMs + spanMs, 8);
    expect(ticks.length).toBeGreaterThanOrEqual(1);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks.every((tick) => tick >= fromMs && tick <= fromMs + spanMs && tick % 1_000 === 0)).toBe(true);
  });
});
