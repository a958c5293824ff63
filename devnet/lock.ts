/** One devnet per data directory: a lock that the operating system drops with the process, so that it is never stale. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ZpuError } from "@zpu/protocol/errors";

/** Takes the lock of `dataDir` until the returned function is called or this process ends; ALREADY_RUNNING where another one has it. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataDir, "devnet.lock"), { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER)");
  } catch (error) {
    database.close();
    throw new ZpuError("ALREADY_RUNNING", { pid: "unknown", detail: dataDir }, error);
  }
  return () => database.close();
}
