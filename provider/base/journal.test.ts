/** The journal keeps what it was told, refuses what may not be, and says when the disk is full. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { address, bytes32, jobId, modelId, txHash } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobFacts } from "../jobs/record.ts";
import { openBlobs } from "./blobs.ts";
import { isDiskFull } from "./disk.ts";
import { openJournal, type Journal } from "./journal.ts";

const id = (digit: string) => jobId.parse(`0x${digit.repeat(64)}`);
const facts: JobFacts = {
  requestor: address.parse(`0x${"22".repeat(20)}`),
  nonce: 5n,
  spec: {
    provider: address.parse(`0x${"11".repeat(20)}`),
    modelId: modelId.parse(`0x${"55".repeat(32)}`),
    inputCommitment: bytes32.parse(`0x${"66".repeat(32)}`),
    priceWei: 2n * 10n ** 18n,
    acceptBy: 2_000_000_000,
    deadline: 2_000_000_100,
  },
  modelName: "digits-mlp",
  replyKey: bytes32.parse(`0x${"77".repeat(32)}`),
  inputBlob: bytes32.parse(`0x${"88".repeat(32)}`),
  inputSalt: 2n ** 250n,
  stagesMs: {},
};

let folder: string;
let journal: Journal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-journal-"));
  journal = openJournal(join(folder, "core.sqlite"));
});
afterEach(() => {
  if (journal.db.isOpen) journal.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("journal", () => {
  it("is durable: write-ahead log, and every commit reaches the disk", () => {
    expect(journal.db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(journal.db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  });

  it("gives back after a restart what was recorded before", () => {
    journal.insert(id("a"), 1, facts);
    const tx = txHash.parse(`0x${"99".repeat(32)}`);
    journal.step(id("a"), "accepting", 2);
    const before = journal.step(id("a"), "accepted", 3, { tx, change: { stagesMs: { run: 1.5 } } });
    journal.setLabel(id("a"), 4);
    journal.close();
    journal = openJournal(join(folder, "core.sqlite"));
    expect(journal.job(id("a"))).toEqual(before);
    expect(before.facts).toEqual({ ...facts, stagesMs: { run: 1.5 } });
    expect(before.events).toEqual([{ state: "offered", atMs: 1 }, { state: "accepting", atMs: 2 }, { state: "accepted", atMs: 3, tx }]); // prettier-ignore
    expect(journal.label(id("a"))).toBe(4);
    expect(journal.job(id("b"))).toBeUndefined();
  });

  it("keeps the first of two offers with one id", () => {
    journal.insert(id("a"), 1, facts);
    journal.step(id("a"), "accepting", 2);
    expect(journal.insert(id("a"), 9, { ...facts, nonce: 6n })).toMatchObject({ state: "accepting", receivedAtMs: 1, facts: { nonce: 5n } });
  });

  it("refuses a step that a job may not take, and keeps nothing of it", () => {
    journal.insert(id("a"), 1, facts);
    expect(() => journal.step(id("a"), "paid", 2)).toThrow("cannot go from offered to paid");
    expect(() => journal.step(id("b"), "accepting", 2)).toThrow("no job");
    expect(journal.job(id("a"))?.events).toHaveLength(1);
  });

  it("lists what is open and what is newest", () => {
    for (const [index, digit] of ["a", "b", "c"].entries()) journal.insert(id(digit), index, facts);
    journal.step(id("b"), "cancelled", 5, { error: { code: "CANCELLED", facts: {} } });
    expect(journal.open().map((job) => job.jobId)).toEqual([id("a"), id("c")]);
    expect(journal.offerCount()).toBe(2);
    expect(journal.workingCount()).toBe(0);
    expect(journal.recent(2).map((job) => job.jobId)).toEqual([id("c"), id("b")]);
    expect(journal.job(id("b"))?.facts.error).toEqual({ code: "CANCELLED", facts: {} });
  });

  it("counts offers apart from the jobs that hold a place", () => {
    const other = address.parse(`0x${"33".repeat(20)}`);
    journal.insert(id("a"), 1, facts);
    journal.insert(id("b"), 2, facts);
    journal.insert(id("c"), 3, { ...facts, requestor: other });
    expect([journal.workingCount(), journal.offerCount(), journal.offerCount(facts.requestor), journal.offerCount(other)]).toEqual([0, 3, 2, 1]);
    journal.step(id("a"), "accepting", 4);
    journal.amend(id("b"), { seenOnChain: true });
    expect([journal.workingCount(), journal.offerCount(), journal.offerCount(facts.requestor)]).toEqual([1, 1, 0]);
    journal.step(id("a"), "expired", 5);
    expect(journal.workingCount()).toBe(0);
  });

  it("lists no job less for offers that were never posted, and forgets these but for the newest, with what only they need", () => {
    const idOf = (number: number) => jobId.parse(`0x${number.toString(16).padStart(64, "0")}`);
    const blobOf = (number: number) => bytes32.parse(`0x${number.toString(16).padStart(64, "f")}`);
    for (let job = 0; job < 3; job += 1) {
      journal.insert(idOf(job), job, { ...facts, inputBlob: blobOf(11) });
      journal.step(idOf(job), "accepting", job);
    }
    for (let offer = 10; offer < 16; offer += 1) {
      journal.insert(idOf(offer), offer, { ...facts, inputBlob: blobOf(offer) });
      journal.setLabel(idOf(offer), 3);
      if (offer < 15) journal.step(idOf(offer), offer % 2 === 0 ? "expired" : "cancelled", 100 - offer);
    }
    expect(journal.recent(2, 3).map((job) => Number(job.jobId))).toEqual([15, 14, 13, 2, 1]);
    // 10 and 11 are beyond the three newest that ended; the input of 11 is also that of three jobs.
    expect(journal.staleInputs(3)).toEqual([blobOf(10)]);
    journal.forgetOffers(3);
    expect(journal.recent(100).map((job) => Number(job.jobId))).toEqual([15, 14, 13, 12, 2, 1, 0]);
    expect(journal.label(idOf(10))).toBeUndefined();
    expect(journal.label(idOf(12))).toBe(3);
    expect(journal.staleInputs(3)).toEqual([]);
    expect(journal.db.prepare("SELECT COUNT(*) AS count FROM job_event WHERE job_id = ?").get(idOf(11))).toEqual({ count: 0 });
  });

  it("lets a job go back where the chain took its verification back, and keeps every step", () => {
    journal.insert(id("a"), 1, facts);
    const way = [
      "accepting",
      "accepted",
      "executed",
      "proven",
      "submitting",
      "verified",
      "settling",
      "submitting",
      "verified",
      "settling",
      "paid",
    ] as const;
    for (const [index, state] of way.entries()) journal.step(id("a"), state, index + 2);
    expect(journal.job(id("a"))?.events.map(({ state }) => state)).toEqual(["offered", ...way]);
  });

  it("carries a version: an older file without one is taken over whole, one of another program is refused by code", () => {
    expect(journal.db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
    journal.insert(id("a"), 1, facts);
    const before = journal.step(id("a"), "accepting", 2);
    // As files were before they had a version: each state of a job once.
    journal.db.exec(`
      PRAGMA user_version = 0;
      ALTER TABLE job_event RENAME TO job_event_now;
      CREATE TABLE job_event (
        id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job (job_id), state TEXT NOT NULL, at_ms INTEGER NOT NULL, tx TEXT, error TEXT,
        UNIQUE (job_id, state)
      ) STRICT;
      INSERT INTO job_event SELECT * FROM job_event_now;
      DROP TABLE job_event_now;
      DROP TABLE unposted;
    `);
    journal.close();
    const path = join(folder, "core.sqlite");
    journal = openJournal(path);
    expect(journal.job(id("a"))).toEqual(before);
    for (const state of ["accepted", "executed", "proven", "submitting", "verified", "settling", "submitting"] as const)
      journal.step(id("a"), state, 3);
    expect(journal.job(id("a"))?.events).toHaveLength(9);
    journal.db.exec("PRAGMA user_version = 2");
    journal.close();
    expect(() => openJournal(path)).toThrow(expect.objectContaining({ code: "DATA_VERSION_UNKNOWN", facts: { path, actual: 2, expected: 1 } }));
  });

  it("says DISK_FULL when SQLite has no room, keeps nothing half, and goes on when there is room again", () => {
    journal.insert(id("a"), 1, facts);
    const { page_count: pages } = journal.db.prepare("PRAGMA page_count").get() as { page_count: number };
    journal.db.exec(`PRAGMA max_page_count = ${pages}`);
    let refused: unknown;
    for (let at = 0; at < 200 && refused === undefined; at += 1) {
      try {
        journal.insert(id((at % 16).toString(16)), at, { ...facts, modelName: "x".repeat(3_000) });
        journal.amend(id("a"), { modelName: "y".repeat(4_000 + at * 100) });
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toMatchObject({ code: "DISK_FULL" });
    expect(isDiskFull(refused)).toBe(true);
    expect(journal.db.isTransaction).toBe(false);
    journal.db.exec("PRAGMA max_page_count = 1073741823");
    expect(journal.amend(id("a"), { modelName: "z".repeat(50_000) }).facts.modelName).toHaveLength(50_000);
  });
});

describe("blobs", () => {
  it("stores by content, leaves no drafts, and notices damage", () => {
    const blobs = openBlobs(join(folder, "blobs"));
    const bytes = Uint8Array.of(1, 2, 3);
    const name = blobs.put(bytes);
    expect(blobs.put(bytes)).toBe(name);
    expect(blobs.get(name)).toEqual(bytes);
    expect(readdirSync(join(folder, "blobs"))).toEqual([name.slice(2)]);
    writeFileSync(join(folder, "blobs", name.slice(2)), "other");
    expect(() => blobs.get(name)).toThrow("damaged");
    expect(() => blobs.get(bytes32.parse(`0x${"00".repeat(32)}`))).toThrow("gone");
    blobs.remove(name);
    blobs.remove(name);
    expect(readdirSync(join(folder, "blobs"))).toEqual([]);
  });
});
