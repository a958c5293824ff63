/** The staircase adds up, its window keeps the level it starts from, and its axes are round. */
import { jobId, txHash } from "@zpu/protocol/ids";
import { describe, expect, it } from "vitest";
import { cumulative, timeTicks, totalAt, valueTicks, windowOf } from "./earnings-series.ts";

const entry = (atMs: number, amountWei: bigint) => ({
  atMs,
  amountWei,
  jobId: jobId.parse(`0x${"11".repeat(32)}`),
  tx: txHash.parse(`0x${"22".repeat(32)}`),
});
const series = cumulative([entry(300, 5n), entry(100, 2n), entry(200, 3n)]);

describe("the staircase", () => {
  it("sums in the order of time", () => expect(series).toEqual([100, 200, 300].map((atMs, index) => ({ atMs, totalWei: [2n, 5n, 10n][index] }))));
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
