/** One devnet per data directory: a lock that the operating system drops with the process, so that it is never stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ZpuError } from "@zpu/protocol/errors";
import { asDiskError, orDiskFull } from "@zpu/provider/base/disk";
import { makeFolder } from "@zpu/provider/base/folders";

const SQLITE_BUSY = 5;

/** Takes the lock of `dataDir` until the returned function is called or this process ends; ALREADY_RUNNING (with its process id) where another one has it, DISK_FULL, DATA_FOLDER_UNUSABLE. */
export function lockDataDir(dataDir: string): () => void {
  makeFolder(dataDir);
  const pidFile = join(dataDir, "devnet.pid");
  const database = orDiskFull(dataDir, () => new DatabaseSync(join(dataDir, "devnet.lock"), { timeout: 0 }));
  try {
    database.exec("PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
  } catch (error) {
    database.close();
    if (typeof error === "object" && error !== null && "errcode" in error && error.errcode === SQLITE_BUSY) {
      throw new ZpuError("ALREADY_RUNNING", { pid: holder(pidFile), detail: dataDir }, error);
    }
    throw asDiskError(error, dataDir);
  }
  orDiskFull(dataDir, () => writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 }));
  return () => database.close();
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, "utf8").trim();
  } catch {
    return "unknown";
  }
}
