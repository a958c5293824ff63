/** Record before you sign: one receipt per job, kept in a database that outlives every crash. */
import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ZpuError } from "@zpu/protocol/errors";
import type { Bytes32, JobId } from "@zpu/protocol/ids";

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

const isFull = (error: unknown): boolean => error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 13;

/** Opens (or makes) the protection database at `path`, mode 0600. Only the signer process opens it. `now` gives Unix milliseconds. */
export function openProtection(path: string, now: () => number = Date.now): Protection {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;");
    db.exec(
      "CREATE TABLE IF NOT EXISTS receipt (job_id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, signature TEXT, recorded_at_ms INTEGER NOT NULL) STRICT",
    );
    if (path !== ":memory:" && process.platform !== "win32") chmodSync(path, 0o600);
  } catch (error) {
    db.close();
    throw isFull(error) ? new ZpuError("DISK_FULL", { path }, error) : error;
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
        throw isFull(error) ? new ZpuError("DISK_FULL", { path }, error) : error;
      }
    },
    close: () => db.close(),
  };
}
