/** The journal of a node: jobs and their steps in core.sqlite (WAL, synchronous FULL, one writer). A step is on disk before the next begins. */
import { DatabaseSync } from "node:sqlite";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import type { JobId, TxHash } from "@zpu/protocol/ids";
import { isTerminal, jobState, mayBecome, type JobState } from "@zpu/protocol/job";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { jobRecord, type JobFacts, type JobRecord, type RecordedEvent } from "../jobs/record.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS job (
    job_id TEXT PRIMARY KEY, state TEXT NOT NULL, received_at_ms INTEGER NOT NULL, input_blob TEXT NOT NULL, facts TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_by_age ON job (received_at_ms);
  CREATE INDEX IF NOT EXISTS job_by_blob ON job (input_blob);
  CREATE TABLE IF NOT EXISTS job_event (
    id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job (job_id), state TEXT NOT NULL, at_ms INTEGER NOT NULL, tx TEXT, error TEXT,
    UNIQUE (job_id, state)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS job_label (job_id TEXT PRIMARY KEY, label INTEGER NOT NULL) STRICT;
`;
const SQLITE_FULL = 13;

/** What goes with a step. */
export interface StepFacts {
  readonly change?: Partial<JobFacts>;
  readonly tx?: TxHash | undefined;
  readonly error?: ErrorRecord;
}

/** Every write throws DISK_FULL where there is no room; nothing of it is kept then, and it may be tried again. */
export interface Journal {
  /** The same database, for the tables of settlement. Its owner opens and closes it. */
  readonly db: DatabaseSync;
  job(jobId: JobId): JobRecord | undefined;
  /** Jobs still on their way, oldest first. */
  open(): JobRecord[];
  openCount(): number;
  /** The newest jobs, newest first. */
  recent(limit: number): JobRecord[];
  /** Records a new job in state `offered`; returns what is stored already where the id is known. */
  insert(jobId: JobId, atMs: number, facts: JobFacts): JobRecord;
  /** Records the step to `to`; throws INTERNAL where protocol/job.ts does not allow it. */
  step(jobId: JobId, to: JobState, atMs: number, facts?: StepFacts): JobRecord;
  /** Adds facts without a step. */
  amend(jobId: JobId, change: Partial<JobFacts>): JobRecord;
  /** The data set's label of a digit, where the owner told it while asking. */
  label(jobId: JobId): number | undefined;
  setLabel(jobId: JobId, label: number): void;
  close(): void;
}

/** Whether `error` says that the disk is full, from SQLite or from the file system. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof ZpuError) return error.code === "DISK_FULL";
  if (typeof error !== "object" || error === null) return false;
  return ("errcode" in error && error.errcode === SQLITE_FULL) || ("code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT"));
}

/** Opens (and where needed creates) the journal at `path`. */
export function openJournal(path: string): Journal {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;");
  write(db, path, () => db.exec(SCHEMA));
  return journalOn(db, path);
}

/** Runs `work` in one transaction; a full disk becomes DISK_FULL. */
function write<T>(db: DatabaseSync, path: string, work: () => T): T {
  try {
    db.exec("BEGIN IMMEDIATE");
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    if (isDiskFull(error)) throw new ZpuError("DISK_FULL", { path }, error);
    throw error;
  }
}

function journalOn(db: DatabaseSync, path: string): Journal {
  const selectJob = db.prepare("SELECT job_id, state, received_at_ms, facts FROM job WHERE job_id = ?");
  const selectRecent = db.prepare("SELECT job_id, state, received_at_ms, facts FROM job ORDER BY received_at_ms DESC, rowid DESC LIMIT ?");
  const openStates = jobState.options.filter((state) => !isTerminal(state)).map((state) => `'${state}'`);
  const selectOpen = db.prepare(
    `SELECT job_id, state, received_at_ms, facts FROM job WHERE state IN (${openStates.join(",")}) ORDER BY received_at_ms, rowid`,
  );
  const countOpen = db.prepare(`SELECT COUNT(*) AS open FROM job WHERE state IN (${openStates.join(",")})`);
  const selectEvents = db.prepare("SELECT state, at_ms, tx, error FROM job_event WHERE job_id = ? ORDER BY id");
  const insertJob = db.prepare("INSERT INTO job (job_id, state, received_at_ms, input_blob, facts) VALUES (?, 'offered', ?, ?, ?)");
  const updateJob = db.prepare("UPDATE job SET state = ?, facts = ? WHERE job_id = ?");
  const insertEvent = db.prepare("INSERT INTO job_event (job_id, state, at_ms, tx, error) VALUES (?, ?, ?, ?, ?)");
  const selectLabel = db.prepare("SELECT label FROM job_label WHERE job_id = ?");
  const upsertLabel = db.prepare("INSERT INTO job_label (job_id, label) VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET label = excluded.label");

  const record = (row: Record<string, unknown>): JobRecord => {
    const events = selectEvents.all(String(row.job_id)).map((event) => ({
      state: event.state,
      atMs: event.at_ms,
      ...(event.tx === null ? {} : { tx: event.tx }),
      ...(typeof event.error === "string" ? { error: decodeText(event.error) } : {}),
    }));
    return jobRecord.parse({ jobId: row.job_id, state: row.state, receivedAtMs: row.received_at_ms, facts: decodeText(String(row.facts)), events });
  };
  const known = (jobId: JobId): JobRecord => {
    const row = selectJob.get(jobId);
    if (!row) throw new ZpuError("JOB_UNKNOWN", { jobId });
    return record(row);
  };
  const tell = (jobId: JobId, event: RecordedEvent): void => {
    insertEvent.run(jobId, event.state, event.atMs, event.tx ?? null, event.error ? encodeText(event.error) : null);
  };

  return {
    db,
    job(jobId) {
      const row = selectJob.get(jobId);
      return row && record(row);
    },
    open: () => selectOpen.all().map(record),
    openCount: () => Number(countOpen.get()?.open ?? 0),
    recent: (limit) => selectRecent.all(limit).map(record),
    insert(jobId, atMs, facts) {
      const stored = selectJob.get(jobId);
      if (stored) return record(stored);
      return write(db, path, () => {
        insertJob.run(jobId, atMs, facts.inputBlob, encodeText(facts));
        tell(jobId, { state: "offered", atMs });
        return known(jobId);
      });
    },
    step(jobId, to, atMs, { change = {}, tx, error } = {}) {
      return write(db, path, () => {
        const job = known(jobId);
        if (!mayBecome(job.state, to)) throw new ZpuError("INTERNAL", { detail: `job ${jobId} cannot go from ${job.state} to ${to}` });
        const facts = { ...job.facts, ...change, stagesMs: { ...job.facts.stagesMs, ...change.stagesMs }, ...(error ? { error } : {}) };
        updateJob.run(to, encodeText(facts), jobId);
        tell(jobId, { state: to, atMs, ...(tx ? { tx } : {}), ...(error ? { error } : {}) });
        return known(jobId);
      });
    },
    amend(jobId, change) {
      return write(db, path, () => {
        const job = known(jobId);
        updateJob.run(job.state, encodeText({ ...job.facts, ...change, stagesMs: { ...job.facts.stagesMs, ...change.stagesMs } }), jobId);
        return known(jobId);
      });
    },
    label(jobId) {
      const label = selectLabel.get(jobId)?.label;
      return typeof label === "number" ? label : undefined;
    },
    setLabel: (jobId, label) => void write(db, path, () => upsertLabel.run(jobId, label)),
    close: () => db.close(),
  };
}
