/** The journal of a node: jobs and their steps in core.sqlite (WAL, synchronous FULL, one writer). A step is on disk before the next begins. */
import { DatabaseSync } from "node:sqlite";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import { bytes32, type Address, type Bytes32, type JobId, type TxHash } from "@zpu/protocol/ids";
import { isTerminal, jobState, mayBecome, type JobState } from "@zpu/protocol/job";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { jobRecord, neverPosted, WORKING_STATES, type JobFacts, type JobRecord, type RecordedEvent } from "../jobs/record.ts";
import { asDiskError, orDiskFull } from "./disk.ts";

/** Version of everything in core.sqlite, also of settlement's tables; kept in the file's `user_version`. */
export const DATA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS job (
    job_id TEXT PRIMARY KEY, state TEXT NOT NULL, received_at_ms INTEGER NOT NULL, input_blob TEXT NOT NULL, facts TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_by_age ON job (received_at_ms);
  CREATE INDEX IF NOT EXISTS job_by_blob ON job (input_blob);
  CREATE INDEX IF NOT EXISTS job_by_state ON job (state);
  CREATE TABLE IF NOT EXISTS job_event (
    id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job (job_id), state TEXT NOT NULL, at_ms INTEGER NOT NULL, tx TEXT, error TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_event_by_job ON job_event (job_id, id);
  CREATE TABLE IF NOT EXISTS job_label (job_id TEXT PRIMARY KEY, label INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS unposted (job_id TEXT PRIMARY KEY REFERENCES job (job_id), requestor TEXT NOT NULL) STRICT;
`;
/** Files from before versions were kept: a job could not go back then, so that each state stood there once. */
const FROM_BEFORE_VERSIONS = `
  ALTER TABLE job_event RENAME TO job_event_before;
  CREATE TABLE job_event (
    id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job (job_id), state TEXT NOT NULL, at_ms INTEGER NOT NULL, tx TEXT, error TEXT
  ) STRICT;
  INSERT INTO job_event (id, job_id, state, at_ms, tx, error) SELECT id, job_id, state, at_ms, tx, error FROM job_event_before;
  DROP TABLE job_event_before;
`;

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
  /** Jobs that hold one of the node's places: accepted (or about to be) and not at their end. */
  workingCount(): number;
  /** Offers that wait for their escrow; those of `requestor` where one is named. */
  offerCount(requestor?: Address): number;
  /** The newest jobs, newest first: at most `limit` that were posted and at most `offers` that never were. */
  recent(limit: number, offers?: number): JobRecord[];
  /** Inputs that no job but an ended, never posted offer beyond the `keep` newest of those names. */
  staleInputs(keep: number): Bytes32[];
  /** Forgets the offers that ended without ever being posted, but for the `keep` newest. */
  forgetOffers(keep: number): void;
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

/** Opens (and where needed creates) the journal at `path`. DISK_FULL; DATA_VERSION_UNKNOWN where another program wrote the file. */
export function openJournal(path: string): Journal {
  const db = orDiskFull(path, () => new DatabaseSync(path));
  try {
    orDiskFull(path, () => db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;"));
    write(db, path, () => prepareTables(db, path));
    return journalOn(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareTables(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
  if (version !== 0 && version !== DATA_VERSION) {
    throw new ZpuError("DATA_VERSION_UNKNOWN", { path, actual: version, expected: DATA_VERSION });
  }
  if (version === 0 && db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job_event'").get()) db.exec(FROM_BEFORE_VERSIONS);
  db.exec(SCHEMA);
  db.exec(`PRAGMA user_version = ${DATA_VERSION}`);
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
    throw asDiskError(error, path);
  }
}

function journalOn(db: DatabaseSync, path: string): Journal {
  const selectJob = db.prepare("SELECT job_id, state, received_at_ms, facts FROM job WHERE job_id = ?");
  const selectRecent = db.prepare(
    `SELECT * FROM (
       SELECT * FROM (
         SELECT job_id, state, received_at_ms, facts, rowid AS seq FROM job WHERE job_id NOT IN (SELECT job_id FROM unposted)
         ORDER BY received_at_ms DESC, rowid DESC LIMIT ?
       )
       UNION ALL
       SELECT * FROM (
         SELECT job.job_id, state, received_at_ms, facts, job.rowid AS seq FROM unposted JOIN job ON job.job_id = unposted.job_id
         ORDER BY received_at_ms DESC, seq DESC LIMIT ?
       )
     ) ORDER BY received_at_ms DESC, seq DESC`,
  );
  const list = (states: readonly JobState[]): string => states.map((state) => `'${state}'`).join(",");
  const openStates = list(jobState.options.filter((state) => !isTerminal(state)));
  const selectOpen = db.prepare(`SELECT job_id, state, received_at_ms, facts FROM job WHERE state IN (${openStates}) ORDER BY received_at_ms, rowid`);
  const countWorking = db.prepare(`SELECT COUNT(*) AS count FROM job WHERE state IN (${list(WORKING_STATES)})`);
  const countOffers = db.prepare(
    "SELECT COUNT(*) AS count FROM unposted JOIN job ON job.job_id = unposted.job_id WHERE state = 'offered' AND (?1 IS NULL OR requestor = ?1)",
  );
  const insertUnposted = db.prepare("INSERT INTO unposted (job_id, requestor) VALUES (?, ?)");
  const deleteUnposted = db.prepare("DELETE FROM unposted WHERE job_id = ?");
  const stale = `SELECT job.job_id FROM unposted JOIN job ON job.job_id = unposted.job_id WHERE state <> 'offered'
    ORDER BY received_at_ms DESC, job.rowid DESC LIMIT -1 OFFSET ?`;
  const selectStale = db.prepare(stale);
  const selectStaleInputs = db.prepare(
    `WITH stale AS (${stale}) SELECT DISTINCT input_blob FROM job WHERE job_id IN stale
     AND input_blob NOT IN (SELECT input_blob FROM job WHERE job_id NOT IN stale)`,
  );
  const deleteJob = ["job_event", "job_label", "unposted", "job"].map((table) => db.prepare(`DELETE FROM ${table} WHERE job_id = ?`));
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

  /** The record itself, told apart from the offers once its escrow has been seen. */
  const posted = (job: JobRecord): JobRecord => {
    if (!neverPosted(job)) deleteUnposted.run(job.jobId);
    return job;
  };

  return {
    db,
    job(jobId) {
      const row = selectJob.get(jobId);
      return row && record(row);
    },
    open: () => selectOpen.all().map(record),
    workingCount: () => Number(countWorking.get()?.count ?? 0),
    offerCount: (requestor) => Number(countOffers.get(requestor ?? null)?.count ?? 0),
    recent: (limit, offers = limit) => selectRecent.all(limit, offers).map(record),
    staleInputs: (keep) => selectStaleInputs.all(keep).map((row) => bytes32.parse(row.input_blob)),
    forgetOffers(keep) {
      const ids = selectStale.all(keep).map((row) => String(row.job_id));
      if (ids.length === 0) return;
      write(db, path, () => {
        for (const id of ids) for (const remove of deleteJob) remove.run(id);
      });
    },
    insert(jobId, atMs, facts) {
      const stored = selectJob.get(jobId);
      if (stored) return record(stored);
      return write(db, path, () => {
        insertJob.run(jobId, atMs, facts.inputBlob, encodeText(facts));
        insertUnposted.run(jobId, facts.requestor);
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
        return posted(known(jobId));
      });
    },
    amend(jobId, change) {
      return write(db, path, () => {
        const job = known(jobId);
        updateJob.run(job.state, encodeText({ ...job.facts, ...change, stagesMs: { ...job.facts.stagesMs, ...change.stagesMs } }), jobId);
        return posted(known(jobId));
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
