/** One devnet per folder, and a refusal that says what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lockDataDir } from "./lock.ts";

let dir = "";
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "zpu-devnet-lock-"))));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

it("turns a second devnet away until the first has let go", () => {
  const unlock = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(
    expect.objectContaining({ code: "ALREADY_RUNNING", facts: { pid: String(process.pid), detail: dir } }) as Error,
  );
  unlock();
  lockDataDir(dir)();
});

it.each([13, 4874])("says DISK_FULL where SQLite finds no room (%i)", (errcode) => {
  vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(() => {
    throw Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode });
  });
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
});

it("does not take a damaged lock file for a running devnet", () => {
  writeFileSync(join(dir, "devnet.lock"), "x".repeat(4096));
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ errcode: 26 }) as Error);
});
