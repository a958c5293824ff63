/** Filed receipts survive a restart, also one in the middle of a line. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type * as Fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobId } from "@zpu/protocol/ids";
import { receiptMessage, type ReceiptMessage } from "@zpu/protocol/messages";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { openReceiptStore } from "./receipt-store.ts";

/** How many bytes a write takes at most, and how many there is room for in all. */
const disk = vi.hoisted(() => ({ perWrite: Infinity, room: Infinity }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const writeSync = (file: number, bytes: Buffer, offset = 0): number => {
    const count = Math.min(bytes.length - offset, disk.perWrite, disk.room);
    if (count === 0) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    disk.room -= count;
    return fs.writeSync(file, bytes, offset, count);
  };
  return { ...fs, writeSync };
});
beforeEach(() => { Object.assign(disk, { perWrite: Infinity, room: Infinity }); }); // prettier-ignore

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

test("a write that takes only a part is continued", () => {
  const path = join(dir, "short.jsonl");
  disk.perWrite = 10;
  const store = openReceiptStore(path);
  expect(store.put(receipt("01"))).toBe(true);
  expect(store.put(receipt("02"))).toBe(true);
  store.close();
  const again = openReceiptStore(path);
  expect([again.get(idOf("01")), again.get(idOf("02"))]).toEqual([receipt("01"), receipt("02")]);
  again.close();
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
});

test("a full disk leaves whole lines, says so, and is no end once there is room", () => {
  const path = join(dir, "full.jsonl");
  const store = openReceiptStore(path);
  store.put(receipt("01"));
  const { size } = statSync(path);
  disk.room = 25;
  expect(() => store.put(receipt("02"))).toThrow(expect.objectContaining({ code: "DISK_FULL", facts: { path } }) as Error);
  expect(statSync(path).size).toBe(size);
  expect(store.get(idOf("02"))).toBeUndefined();
  disk.room = Infinity;
  expect(store.put(receipt("02"))).toBe(true);
  store.close();
  const again = openReceiptStore(path);
  expect([again.get(idOf("01")), again.get(idOf("02"))]).toEqual([receipt("01"), receipt("02")]);
  again.close();

  writeFileSync(path, "{cut short");
  disk.room = 0;
  expect(() => openReceiptStore(path)).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
});
