/** One node per data directory: a lock that the operating system drops by itself when the process ends, however it ends. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ZpuError } from "@zpu/protocol/errors";
import { isDiskFull } from "@zpu/provider/base/disk";
import { makeFolder } from "@zpu/provider/base/folders";

const SQLITE_BUSY = 5;
const LOOK_MS = 25;
/** Whoever only looks whether the lock is free (`whenUnlocked`) is in the way for less than this. */
const GLANCE_MS = 100;

/** Holds the lock of `dataDir` until `release` or the end of the process; ALREADY_RUNNING with the holder's process id otherwise, DATA_FOLDER_UNUSABLE. */
export function lockDataDir(dataDir: string): { release(): void } {
  makeFolder(dataDir);
  const pidFile = join(dataDir, "node.pid");
  // An open exclusive transaction is a file lock of this process; nothing is ever written to this database.
  const db = new DatabaseSync(join(dataDir, "lock.sqlite"));
  try {
    db.exec(`PRAGMA busy_timeout = ${GLANCE_MS}; BEGIN EXCLUSIVE`);
  } catch (error) {
    db.close();
    if (typeof error === "object" && error !== null && "errcode" in error && error.errcode === SQLITE_BUSY) {
      throw new ZpuError("ALREADY_RUNNING", { pid: holder(pidFile) }, error);
    }
    if (isDiskFull(error)) throw new ZpuError("DISK_FULL", { path: dataDir }, error);
    throw error;
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => db.close() };
}

/** Resolves to true once nobody holds the lock of `dataDir`, to false where somebody still does after `limitMs`. */
export async function whenUnlocked(dataDir: string, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    try {
      const db = new DatabaseSync(join(dataDir, "lock.sqlite"), { readOnly: true });
      try {
        db.exec("PRAGMA busy_timeout = 0; SELECT 1 FROM sqlite_master");
        return true;
      } finally {
        db.close();
      }
    } catch (error) {
      if (typeof error !== "object" || error === null || !("errcode" in error) || error.errcode !== SQLITE_BUSY) throw error;
    }
    if (performance.now() >= untilMs) return false;
    await sleep(LOOK_MS);
  }
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, "utf8").trim();
  } catch {
    return "unknown";
  }
}
