import { expect, test } from "vitest";
import { tokensToWei, weiToTokens } from "./money.ts";

test("whole tokens, decimals and the ticker are read", () => {
  expect(tokensToWei(2500)).toBe(2500n * 10n ** 18n);
  expect(tokensToWei("1000NZIDIA")).toBe(1000n * 10n ** 18n);
  expect(tokensToWei("0.000000000000000001")).toBe(1n);
  expect(tokensToWei(" 2 nzidia ")).toBe(2n * 10n ** 18n);
});

test.each(["", "-1", "1e3", "1.0000000000000000001", "NZIDIA", "1,000", "NaN", "0x10", "1 NZIDIA NZIDIA"])("'%s' is refused", (text) => {
  expect(() => tokensToWei(text)).toThrow(RangeError);
});

test("numbers that are no amounts are refused", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e21, 1e-7]) expect(() => tokensToWei(value)).toThrow(RangeError);
});

test("text and wei agree both ways, and display never rounds up", () => {
  for (const text of ["0", "1", "0.5", "1234567.000000000000000001"]) expect(weiToTokens(tokensToWei(text))).toBe(text);
  expect(weiToTokens(1_999_999_999_999_999_999n, 2)).toBe("1.99");
  expect(weiToTokens(-(10n ** 18n) / 2n)).toBe("-0.5");
});
