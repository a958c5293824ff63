/** What settlement keeps in core.sqlite: transactions with every version that was signed, earnings, claims, and which chain it worked on. */
import type { DatabaseSync } from "node:sqlite";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { intent as intentSchema, intentRole, type Intent } from "@zpu/ipc/workers/signer";
import { address, jobId, txHash, type Address, type TxHash } from "@zpu/protocol/ids";
import { z } from "zod";
import { orDiskFull } from "../base/disk.ts";
import type { TxOutcome } from "../ports.ts";
import type { MarketFees } from "./chain-port.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS tx (
  key TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('owner', 'operator')),
  account TEXT NOT NULL,
  nonce INTEGER,
  intent TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'signed', 'sent', 'mined', 'dropped')),
  hash TEXT,
  raw TEXT,
  outcome TEXT,
  queued_at_ms INTEGER NOT NULL,
  UNIQUE (account, nonce)
) STRICT;
CREATE TABLE IF NOT EXISTS tx_version (
  hash TEXT PRIMARY KEY,
  key TEXT NOT NULL REFERENCES tx (key),
  nonce INTEGER NOT NULL,
  raw TEXT NOT NULL,
  gas_limit TEXT NOT NULL,
  max_fee_wei TEXT NOT NULL,
  priority_fee_wei TEXT NOT NULL,
  signed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tx_open ON tx (role, state, seq);
CREATE TABLE IF NOT EXISTS earning (job_id TEXT PRIMARY KEY, amount_wei TEXT NOT NULL, tx TEXT NOT NULL, block INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS claim (tx TEXT PRIMARY KEY, amount_wei TEXT NOT NULL, block INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS earning_by_block ON earning (block, tx);
CREATE INDEX IF NOT EXISTS claim_by_block ON claim (block, tx);
CREATE TABLE IF NOT EXISTS chain_fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

const outcomeSchema = z.object({
  hash: txHash,
  status: z.enum(["confirmed", "reverted"]),
  block: z.number(),
  atMs: z.number(),
  reason: z.string().optional(),
});
const rowSchema = z.object({
  key: z.string(),
  seq: z.number(),
  role: z.enum(["owner", "operator"]),
  account: address,
  nonce: z.number().nullable(),
  intent: z.string().transform((text) => intentSchema.parse(decodeText(text))),
  state: z.enum(["queued", "signed", "sent", "mined", "dropped"]),
  hash: txHash.nullable(),
  raw: z.string().nullable(),
  outcome: z.string().nullable().transform((text) => (text === null ? null : (outcomeSchema.parse(JSON.parse(text)) as TxOutcome))), // prettier-ignore
});
/** A transaction by its key. `nonce`, `hash` and `raw` are null until there are some. */
export type TxRow = z.output<typeof rowSchema>;

const decimal = z.string().transform((text) => BigInt(text));
const versionSchema = z.object({ hash: txHash, raw: z.string(), gas_limit: decimal, max_fee_wei: decimal, priority_fee_wei: decimal });
/** Signed bytes of a transaction with the fees they offer. */
export interface TxVersion extends MarketFees {
  readonly hash: TxHash;
  readonly raw: string;
  readonly gasLimit: bigint;
}

const earningSchema = z.object({ job_id: jobId, amount_wei: decimal, tx: txHash, at_ms: z.number() });
const claimSchema = z.object({ amount_wei: decimal, tx: txHash, at_ms: z.number() });

const asEarning = (found: unknown) => {
  const { job_id, amount_wei, tx, at_ms } = earningSchema.parse(found);
  return { jobId: job_id, amountWei: amount_wei, tx, atMs: at_ms };
};
const asClaim = (found: unknown) => {
  const { amount_wei, tx, at_ms } = claimSchema.parse(found);
  return { amountWei: amount_wei, tx, atMs: at_ms };
};
const asFound = <T>(as: (found: unknown) => T, found: unknown): T | undefined => (found === undefined ? undefined : as(found));

/** An amount as it was recorded; `seq` grows with every row. */
export interface Amount {
  readonly seq: number;
  readonly amountWei: bigint;
  readonly atMs: number;
}
function forEach(rows: Iterable<Record<string, unknown>>, each: (amount: Amount) => void): void {
  for (const { seq, amount_wei, at_ms } of rows) each({ seq: Number(seq), amountWei: decimal.parse(amount_wei), atMs: Number(at_ms) });
}

export type Store = ReturnType<typeof openStore>;

/** The tables of settlement in `db`, made where they are missing. Every method may throw DISK_FULL. */
export function openStore(db: DatabaseSync) {
  const path = db.location() ?? "core.sqlite";
  const guarded = <T>(work: () => T): T => orDiskFull(path, work);
  guarded(() => db.exec(TABLES));
  const prepare = (sql: string) => db.prepare(sql);
  const sql = {
    find: prepare("SELECT * FROM tx WHERE key = ?"),
    insert: prepare(
      "INSERT INTO tx (key, seq, role, account, intent, state, queued_at_ms) SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, 'queued', ? FROM tx",
    ),
    requeue: prepare(
      "UPDATE tx SET state = 'queued', intent = ?, nonce = NULL, hash = NULL, raw = NULL, queued_at_ms = ? WHERE key = ? AND state = 'dropped'",
    ),
    inFlight: prepare("SELECT * FROM tx WHERE role = ? AND state IN ('signed', 'sent') ORDER BY nonce"),
    queued: prepare("SELECT * FROM tx WHERE role = ? AND state = 'queued' ORDER BY nonce IS NULL, seq LIMIT 1"),
    topNonce: prepare("SELECT MAX(nonce) AS top FROM tx WHERE account = ? AND key <> ?"),
    topMined: prepare("SELECT MAX(nonce) AS top FROM tx WHERE account = ? AND state = 'mined'"),
    accounts: prepare("SELECT DISTINCT account FROM tx WHERE state = 'mined'"),
    reserve: prepare("UPDATE tx SET nonce = ? WHERE key = ? AND state = 'queued'"),
    version: prepare(
      "INSERT INTO tx_version (hash, key, nonce, raw, gas_limit, max_fee_wei, priority_fee_wei, signed_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    sign: prepare("UPDATE tx SET state = CASE state WHEN 'queued' THEN 'signed' ELSE state END, hash = ?, raw = ? WHERE key = ? AND nonce = ?"),
    versions: prepare("SELECT * FROM tx_version WHERE key = ? ORDER BY rowid DESC"),
    sent: prepare("UPDATE tx SET state = 'sent' WHERE key = ? AND state = 'signed'"),
    mined: prepare("UPDATE tx SET state = 'mined', hash = ?, raw = (SELECT raw FROM tx_version WHERE hash = ?), outcome = ? WHERE key = ?"),
    drop: prepare("UPDATE tx SET state = 'dropped', nonce = NULL WHERE key = ?"),
    earn: prepare("INSERT INTO earning (job_id, amount_wei, tx, block, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    claim: prepare("INSERT INTO claim (tx, amount_wei, block, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    earned: prepare("SELECT * FROM earning ORDER BY block DESC, tx DESC LIMIT ?"),
    claims: prepare("SELECT * FROM claim ORDER BY block DESC, tx DESC LIMIT ?"),
    earningOf: prepare("SELECT * FROM earning WHERE job_id = ?"),
    claimIn: prepare("SELECT * FROM claim WHERE tx = ?"),
    earnedSince: prepare("SELECT rowid AS seq, amount_wei, at_ms FROM earning WHERE rowid > ? ORDER BY rowid"),
    claimedSince: prepare("SELECT rowid AS seq, amount_wei, at_ms FROM claim WHERE rowid > ? ORDER BY rowid"),
    countKeys: prepare("SELECT COUNT(*) AS count FROM tx WHERE key GLOB ?"),
    openKey: prepare("SELECT key FROM tx WHERE key GLOB ? AND state IN ('queued', 'signed', 'sent') ORDER BY seq LIMIT 1"),
    fact: prepare("SELECT value FROM chain_fact WHERE name = ?"),
    setFact: prepare("INSERT INTO chain_fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
  };
  const row = (found: unknown): TxRow | undefined => (found === undefined ? undefined : rowSchema.parse(found));
  const number = (found: unknown): number | undefined => Object.values(z.record(z.string(), z.number().nullable()).parse(found))[0] ?? undefined;

  return {
    path,
    /** Runs `work` as one transaction: all of it is on the disk, or nothing. */
    atomically<T>(work: () => T): T {
      return guarded(() => {
        if (db.isTransaction) return work();
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = work();
          db.exec("COMMIT");
          return result;
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK");
          throw error;
        }
      });
    },
    find: (key: string): TxRow | undefined => guarded(() => row(sql.find.get(key))),
    enqueue: (key: string, account: Address, intent: Intent, nowMs: number): void =>
      guarded(() => void sql.insert.run(key, intentRole(intent.type), account, encodeText(intent), nowMs)),
    requeue: (key: string, intent: Intent, nowMs: number): void => guarded(() => void sql.requeue.run(encodeText(intent), nowMs, key)),
    inFlight: (role: TxRow["role"]): TxRow[] => guarded(() => sql.inFlight.all(role).map((found) => rowSchema.parse(found))),
    /** The next transaction that is not signed yet; one that has a nonce already comes first. */
    nextQueued: (role: TxRow["role"]): TxRow | undefined => guarded(() => row(sql.queued.get(role))),
    /** Highest nonce given to a key of `account` other than `key`. */
    topNonce: (account: Address, key: string): number | undefined => guarded(() => number(sql.topNonce.get(account, key))),
    /** Every account with mined transactions, and the highest nonce among them. */
    minedNonces: (): { account: Address; top: number }[] =>
      guarded(() =>
        sql.accounts.all().map((found) => ({ account: address.parse(found.account), top: number(sql.topMined.get(String(found.account))) ?? -1 })),
      ),
    reserve: (key: string, nonce: number): void => guarded(() => void sql.reserve.run(nonce, key)),
    /** Stores signed bytes; from now on they are what is broadcast for `key`. */
    addVersion(key: string, nonce: number, version: TxVersion, nowMs: number): void {
      this.atomically(() => {
        const { hash, raw, gasLimit, maxFeePerGasWei, maxPriorityFeePerGasWei } = version;
        sql.version.run(hash, key, nonce, raw, gasLimit.toString(), maxFeePerGasWei.toString(), maxPriorityFeePerGasWei.toString(), nowMs);
        sql.sign.run(hash, raw, key, nonce);
      });
    },
    /** What was signed for `key`, newest first. */
    versions: (key: string): TxVersion[] =>
      guarded(() =>
        sql.versions.all(key).map((found) => {
          const { hash, raw, ...fees } = versionSchema.parse(found);
          return { hash, raw, gasLimit: fees.gas_limit, maxFeePerGasWei: fees.max_fee_wei, maxPriorityFeePerGasWei: fees.priority_fee_wei };
        }),
      ),
    markSent: (key: string): void => guarded(() => void sql.sent.run(key)),
    markMined: (key: string, outcome: TxOutcome): void => guarded(() => void sql.mined.run(outcome.hash, outcome.hash, JSON.stringify(outcome), key)),
    /** Nothing was sent for `key` and nothing will be; its nonce is free again. */
    drop: (key: string): void => guarded(() => void sql.drop.run(key)),
    addEarning: (earning: { jobId: string; amountWei: bigint; tx: TxHash; block: number; atMs: number }): void =>
      guarded(() => void sql.earn.run(earning.jobId, earning.amountWei.toString(), earning.tx, earning.block, earning.atMs)),
    addClaim: (claim: { amountWei: bigint; tx: TxHash; block: number; atMs: number }): void =>
      guarded(() => void sql.claim.run(claim.tx, claim.amountWei.toString(), claim.block, claim.atMs)),
    /** The newest payments and claims, oldest first. */
    earned: (limit: number) => guarded(() => sql.earned.all(limit).map(asEarning).reverse()),
    claims: (limit: number) => guarded(() => sql.claims.all(limit).map(asClaim).reverse()),
    earning: (jobId: string) => guarded(() => asFound(asEarning, sql.earningOf.get(jobId))),
    claim: (tx: TxHash) => guarded(() => asFound(asClaim, sql.claimIn.get(tx))),
    /** Amounts recorded after row `seq`, one after the other. */
    earnedSince: (seq: number, each: (amount: Amount) => void): void => guarded(() => forEach(sql.earnedSince.iterate(seq), each)),
    claimedSince: (seq: number, each: (amount: Amount) => void): void => guarded(() => forEach(sql.claimedSince.iterate(seq), each)),
    /** How many keys match the SQLite GLOB `pattern`, and the oldest of them that has not ended. */
    keys: (pattern: string): { count: number; open: string | undefined } =>
      guarded(() => {
        const open = sql.openKey.get(pattern);
        return { count: number(sql.countKeys.get(pattern)) ?? 0, open: open === undefined ? undefined : String(open.key) };
      }),
    fact: (name: string): string | undefined => guarded(() => z.object({ value: z.string() }).optional().parse(sql.fact.get(name))?.value),
    setFact: (name: string, value: string): void => guarded(() => void sql.setFact.run(name, value)),
  };
}
