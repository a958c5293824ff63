import { expect, test } from "vitest";
import { describeError, ERROR_TEXTS, errorRecord, ZpuError } from "./errors.ts";

test("every code has a sentence and a remedy, and they end as sentences do", () => {
  for (const [code, [sentence, remedy]] of Object.entries(ERROR_TEXTS)) {
    expect(sentence, code).toMatch(/^[A-Z'{].*\.$/);
    expect(remedy.length, code).toBeGreaterThan(5);
  }
});

test("facts are filled in, a missing one reads unknown", () => {
  expect(describeError({ code: "BUDGET_TOO_LOW", facts: { budget: "1", price: "2" } }).sentence).toBe("The budget of 1 is below the price of 2.");
  expect(describeError({ code: "BUDGET_TOO_LOW", facts: {} }).sentence).toContain("unknown");
});

test("an error survives a border as code and facts alone", () => {
  const error = new ZpuError("DISK_FULL", { path: "/data" }, new Error("secret inside"));
  const crossed = ZpuError.from(errorRecord.parse(JSON.parse(JSON.stringify(error.toRecord()))));
  expect(crossed.code).toBe("DISK_FULL");
  expect(crossed.message).toBe(error.message);
  expect(JSON.stringify(error.toRecord())).not.toContain("secret");
  expect(ZpuError.wrap(new TypeError("odd")).toRecord()).toEqual({ code: "INTERNAL", facts: { detail: "odd" } });
});
