/** The record of what was signed: one receipt per job, whatever happens in between. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { bytes32, jobId as jobIdSchema } from "@zpu/protocol/ids";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openProtection } from "./protection.ts";

const JOB = jobIdSchema.parse(`0x${"a".repeat(64)}`);
const digest = (digit: string) => bytes32.parse(`0x${digit.repeat(64)}`);
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "zpu-protection-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const open = () => openProtection(join(dir, "signer.sqlite"), () => 1);

it("signs once per job, repeats the same signature, and refuses another digest, also after a restart", () => {
  let signed = 0;
  const sign = (): string => `0x0${(signed += 1)}`;
  const first = open();
  expect(first.receipt(JOB, digest("1"), sign)).toBe("0x01");
  expect(first.receipt(JOB, digest("1"), sign)).toBe("0x01");
  expect(() => first.receipt(JOB, digest("2"), sign)).toThrow(expect.objectContaining({ code: "SIGNATURE_REFUSED" }) as Error);
  first.close();
  const second = open();
  expect(second.receipt(JOB, digest("1"), sign)).toBe("0x01");
  expect(() => second.receipt(JOB, digest("2"), sign)).toThrow(expect.objectContaining({ code: "SIGNATURE_REFUSED" }) as Error);
  second.close();
  expect(signed).toBe(1);
  expect(statSync(join(dir, "signer.sqlite")).mode & 0o777).toBe(0o600);
});

it("has the digest on the disk before it signs: a crash while signing cannot lead to a second receipt", () => {
  const first = open();
  const crash = (): never => {
    const other = new DatabaseSync(join(dir, "signer.sqlite"), { readOnly: true });
    expect(other.prepare("SELECT digest, signature FROM receipt").all()).toEqual([{ __proto__: null, digest: digest("1"), signature: null }]);
    other.close();
    throw new Error("killed");
  };
  expect(() => first.receipt(JOB, digest("1"), crash)).toThrow("killed");
  first.close();
  const second = open();
  expect(() => second.receipt(JOB, digest("2"), () => "0x02")).toThrow(expect.objectContaining({ code: "SIGNATURE_REFUSED" }) as Error);
  expect(second.receipt(JOB, digest("1"), () => "0x01")).toBe("0x01");
  second.close();
});

it("is of version 1, takes over a file from before versions, and refuses a newer one untouched", () => {
  const path = join(dir, "signer.sqlite");
  const version = (next?: number): unknown => {
    const db = new DatabaseSync(path);
    if (next !== undefined) db.exec(`PRAGMA user_version = ${next}`);
    const found = db.prepare("PRAGMA user_version").get()?.user_version;
    db.close();
    return found;
  };
  const first = open();
  first.receipt(JOB, digest("1"), () => "0x01");
  first.close();
  expect(version()).toBe(1);
  version(0);
  const taken = open();
  expect(() => taken.receipt(JOB, digest("2"), () => "0x02")).toThrow(expect.objectContaining({ code: "SIGNATURE_REFUSED" }) as Error);
  taken.close();
  expect(version()).toBe(1);
  version(2);
  expect(open).toThrow(expect.objectContaining({ code: "DATA_VERSION_UNKNOWN", facts: { path, actual: 2, expected: 1 } }) as Error);
  expect(version()).toBe(2);
});

it.each([13, 4874, 778])("says DISK_FULL where SQLite finds no room (%i), and signs nothing", (errcode) => {
  const protection = open();
  vi.spyOn(StatementSync.prototype, "run").mockImplementation(() => {
    throw Object.assign(new Error("no room"), { code: "ERR_SQLITE_ERROR", errcode });
  });
  let signed = false;
  expect(() => protection.receipt(JOB, digest("1"), () => ((signed = true), "0x01"))).toThrow(
    expect.objectContaining({ code: "DISK_FULL" }) as Error,
  );
  expect(signed).toBe(false);
  vi.restoreAllMocks();
  protection.close();
});

it("signs nothing where it cannot record", () => {
  open().close();
  const db = new DatabaseSync(join(dir, "signer.sqlite"));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON receipt BEGIN SELECT RAISE(ABORT, 'no room'); END");
  db.close();
  const protection = open();
  let signed = false;
  expect(() => protection.receipt(JOB, digest("1"), () => ((signed = true), "0x01"))).toThrow("no room");
  expect(signed).toBe(false);
  protection.close();
});
