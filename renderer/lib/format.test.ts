/** What people read is never more than what is there. */
import { describe, expect, it } from "vitest";
import { absolute, ago, count, duration, money, shortHex, tokens } from "./format.ts";

const ONE = 10n ** 18n;

describe("tokens", () => {
  it.each([
    [0n, "0"],
    [2n * ONE, "2"],
    [1_234_567n * ONE + ONE / 2n, "1,234,567.5"],
    [ONE - 1n, "0.9999"],
    [1n, "< 0.0001"],
    [10n ** 14n, "0.0001"],
    [123_456n * ONE, "123,456"],
  ])("%s wei", (wei, text) => expect(tokens(wei)).toBe(text));

  it("names its unit", () => expect(money(1_000n * ONE)).toBe("1,000 NZIDIA"));
});

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [0.43, "0.4 ms"],
    [9.96, "10 ms"],
    [812.4, "812 ms"],
    [999.6, "1.00 s"],
    [2_138, "2.14 s"],
    [12_340, "12.3 s"],
    [59_960, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [3 * 3_600_000 + 300_000, "3 h 5 min"],
    [76 * 3_600_000, "3 d 4 h"],
  ])("%s ms", (ms, text) => expect(duration(ms)).toBe(text));
});

describe("ago", () => {
  it.each([
    [-5_000, "just now"],
    [2_999, "just now"],
    [3_000, "3 s ago"],
    [60_000, "1 min ago"],
    [3_600_000, "1 h ago"],
    [47 * 3_600_000, "47 h ago"],
    [49 * 3_600_000, "2 d ago"],
  ])("%s ms", (ms, text) => expect(ago(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(text));
});

describe("the rest", () => {
  it("shortens hex only where that saves something", () => {
    expect(shortHex(`0x${"ab".repeat(32)}`)).toBe("0xababab…abab");
    expect(shortHex("0x1234567890")).toBe("0x1234567890");
  });
  it("groups digits and signs with a true minus", () => {
    expect(count(-12_345)).toBe("−12,345");
    expect(count(999)).toBe("999");
    expect(count(1_000_000)).toBe("1,000,000");
  });
  it("writes local dates in full", () => {
    expect(absolute(new Date(2026, 2, 1, 14, 5, 9).getTime())).toBe("2026-03-01 14:05:09");
  });
});
