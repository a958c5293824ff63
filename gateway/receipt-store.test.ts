/** Filed receipts survive a restart, also one in the middle of a line. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobId } from "@zpu/protocol/ids";
import { receiptMessage, type ReceiptMessage } from "@zpu/protocol/messages";
import { afterAll, expect, test } from "vitest";
import { openReceiptStore } from "./receipt-store.ts";

const dir = mkdtempSync(join(tmpdir(), "zpu-receipts-"));
afterAll(() => { rmSync(dir, { recursive: true }); }); // prettier-ignore
const idOf = (byte: string) => jobId.parse(`0x${byte.repeat(32)}`);
const receipt = (byte: string, countersignature = "0xbb"): ReceiptMessage =>
  receiptMessage.parse({
    signed: {
      receipt: {
        jobId: idOf(byte),
        provider: `0x${"02".repeat(20)}`,
        requestor: `0x${"01".repeat(20)}`,
        modelId: idOf("cd"),
        engine: "e",
        profile: "integer-v1",
        inputCommitment: idOf("0e"),
        outputCommitment: idOf("0f"),
        startedAtMs: 1,
        finishedAtMs: 2,
      },
      signature: "0xaa",
    },
    countersignature,
  });

test("the first receipt of a job counts, now and after a restart", () => {
  const path = join(dir, "receipts.jsonl");
  const first = openReceiptStore(path);
  expect(first.put(receipt("01"))).toBe(true);
  expect(first.put(receipt("01", "0xcc"))).toBe(false);
  expect(first.put(receipt("02"))).toBe(true);
  first.close();
  appendFileSync(path, '{"signed":{"receipt":{"jobId"'); // killed while writing

  const second = openReceiptStore(path);
  expect(second.get(idOf("01"))).toEqual(receipt("01"));
  expect(second.get(idOf("02"))).toEqual(receipt("02"));
  expect(second.put(receipt("03"))).toBe(true);
  second.close();

  const third = openReceiptStore(path);
  expect(third.get(idOf("03"))).toEqual(receipt("03"));
  third.close();
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(5);
});

test("without a file it lives in memory", () => {
  const store = openReceiptStore();
  expect(store.get(idOf("01"))).toBeUndefined();
  expect(store.put(receipt("01"))).toBe(true);
  expect(store.get(idOf("01"))).toEqual(receipt("01"));
  store.close();
});
