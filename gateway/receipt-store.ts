/** Filed receipts: an append-only file of JSON lines, synced before a receipt is acknowledged; the newest are kept in memory. */
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { toJson } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import { receiptMessage, type ReceiptMessage } from "@zpu/protocol/messages";

/** Receipts by job; the first one filed for a job counts. */
export interface ReceiptStore {
  get(jobId: JobId): ReceiptMessage | undefined;
  /** False where there is one already; throws DISK_FULL. */
  put(message: ReceiptMessage): boolean;
  close(): void;
}

const MAX_RECEIPTS = 50_000;

/** Opens the store in `path`; without a path it lives in memory alone. A line cut short by a crash is left out. Throws DISK_FULL. */
export function openReceiptStore(path?: string): ReceiptStore {
  const receipts = new Map<JobId, ReceiptMessage>();
  const remember = (message: ReceiptMessage): void => {
    receipts.set(message.signed.receipt.jobId, message);
    const oldest = receipts.keys().next();
    if (receipts.size > MAX_RECEIPTS && !oldest.done) receipts.delete(oldest.value);
  };
  let text = "";
  if (path !== undefined && existsSync(path)) text = readFileSync(path, "utf8");
  for (const line of text.split("\n")) {
    const message = parseLine(line);
    if (message && !receipts.has(message.signed.receipt.jobId)) remember(message);
  }
  const file = path === undefined ? undefined : openSync(path, "a", 0o600);
  /** Bytes of whole lines; what a failed write left behind them is cut off before the next. */
  let length = file === undefined ? 0 : fstatSync(file).size;
  const append = (line: string): void => {
    if (file === undefined) return;
    try {
      if (fstatSync(file).size !== length) ftruncateSync(file, length);
      const bytes = Buffer.from(line);
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(file, bytes, at);
        if (written === 0) throw new Error("nothing could be written");
        at += written;
      }
      fsyncSync(file);
      length += bytes.length;
    } catch (error) {
      try {
        ftruncateSync(file, length);
      } catch {
        // the next append cuts it off, or refuses as this one does
      }
      throw new ZpuError("DISK_FULL", { path: path ?? "" }, error);
    }
  };
  try {
    if (text !== "" && !text.endsWith("\n")) append("\n"); // ends the line that a crash cut short
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw error;
  }
  return {
    get: (jobId) => receipts.get(jobId),
    put(message) {
      if (receipts.has(message.signed.receipt.jobId)) return false;
      append(`${toJson(message)}\n`);
      remember(message);
      return true;
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

function parseLine(line: string): ReceiptMessage | undefined {
  try {
    return receiptMessage.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
