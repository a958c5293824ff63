/** One devnet per data directory: a lock that the operating system drops with the process, so that it is never stale. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ZpuError } from "@zpu/protocol/errors";
import { asDiskError, orDiskFull } from "@zpu/provider/base/disk";

const SQLITE_BUSY = 5;

/** Takes the lock of `dataDir` until the returned function is called or this process ends; ALREADY_RUNNING where another one has it, DISK_FULL. */
export function lockDataDir(dataDir: string): () => void {
  orDiskFull(dataDir, () => mkdirSync(dataDir, { recursive: true, mode: 0o700 }));
  const database = orDiskFull(dataDir, () => new DatabaseSync(join(dataDir, "devnet.lock"), { timeout: 0 }));
  try {
    database.exec("PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
  } catch (error) {
    database.close();
    if (typeof error === "object" && error !== null && "errcode" in error && error.errcode === SQLITE_BUSY) {
      throw new ZpuError("ALREADY_RUNNING", { pid: "unknown", detail: dataDir }, error);
    }
    throw asDiskError(error, dataDir);
  }
  return () => database.close();
}
