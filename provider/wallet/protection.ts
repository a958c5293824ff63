/** Record before you sign: one receipt per job, kept in a database that outlives every crash. */
import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ZpuError } from "@zpu/protocol/errors";
import type { Bytes32, JobId } from "@zpu/protocol/ids";
import { asDiskError, orDiskFull } from "../base/disk.ts";

/** The signer's memory of what it has signed. */
export interface Protection {
  /**
   * The signature over `digest`, the only receipt that is ever signed for `jobId`. The digest is on the disk before `sign` runs; the same
   * digest again gives the stored signature, another one SIGNATURE_REFUSED. DISK_FULL where it cannot be recorded: nothing is signed then.
   */
  receipt(jobId: JobId, digest: Bytes32, sign: () => string): string;
  close(): void;
}

interface Row {
  readonly digest: string;
  readonly signature: string | null;
}

/** Version of the tables in signer.sqlite, kept in the file's `user_version`. */
const DATA_VERSION = 1;

/**
 * Opens (or makes) the protection database at `path`, mode 0600. Only the signer process opens it. `now` gives Unix milliseconds.
 * DISK_FULL; DATA_VERSION_UNKNOWN where another program wrote the file: nothing is signed then.
 */
export function openProtection(path: string, now: () => number = Date.now): Protection {
  const db = orDiskFull(path, () => new DatabaseSync(path));
  try {
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    if (version !== 0 && version !== DATA_VERSION) throw new ZpuError("DATA_VERSION_UNKNOWN", { path, actual: version, expected: DATA_VERSION });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;");
    db.exec(
      "CREATE TABLE IF NOT EXISTS receipt (job_id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, signature TEXT, recorded_at_ms INTEGER NOT NULL) STRICT",
    );
    // A file from before versions were kept has the same table.
    if (version === 0) db.exec(`PRAGMA user_version = ${DATA_VERSION}`);
    if (path !== ":memory:" && process.platform !== "win32") chmodSync(path, 0o600);
  } catch (error) {
    db.close();
    throw asDiskError(error, path);
  }
  const find = db.prepare("SELECT digest, signature FROM receipt WHERE job_id = ?");
  const record = db.prepare("INSERT INTO receipt (job_id, digest, recorded_at_ms) VALUES (?, ?, ?)");
  const complete = db.prepare("UPDATE receipt SET signature = ? WHERE job_id = ?");
  return {
    receipt(jobId, digest, sign) {
      try {
        const row = find.get(jobId) as Row | undefined;
        if (row === undefined) record.run(jobId, digest, now());
        else if (row.digest !== digest) throw new ZpuError("SIGNATURE_REFUSED", { detail: `another receipt was signed for job ${jobId}` });
        else if (row.signature !== null) return row.signature;
        const signature = sign();
        complete.run(signature, jobId);
        return signature;
      } catch (error) {
        throw asDiskError(error, path);
      }
    },
    close: () => db.close(),
  };
}
