/** The claims ledger is whole, its document is in step, and its runner can tell a shown claim from one that is not. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leftOut, notQuoted } from "../claims/coverage.ts";
import { DOCUMENT_FILE, renderDocument } from "../claims/document.ts";
import { claim, normalise, readLedger, ROOT, SOURCES } from "../claims/ledger.ts";
import { parseReport, refutes, valuesAt, type Outcome } from "../claims/shows.ts";

const ledger = readLedger();
const DOCUMENTS = join(ROOT, "..", "shared", "seeds");
const silent = new Set(z.array(z.string()).parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "claims", "silent-lines.json"), "utf8"))));

describe("the ledger", () => {
  it("holds entries of both documents, each with a quote that says something", () => {
    for (const source of SOURCES) expect(ledger.filter((entry) => entry.source === source).length).toBeGreaterThan(50);
    for (const { id, quote } of ledger) expect(normalise(quote).length, id).toBeGreaterThan(3);
    for (const { id, quote } of ledger) expect(quote, id).not.toMatch(/[\p{Extended_Pictographic}\uFFFD]/u);
  });

  it("has unique ids", () => {
    expect(new Set(ledger.map(({ id }) => id)).size).toBe(ledger.length);
  });

  it("is what docs/CLAIMS.md was written from", () => {
    expect(readFileSync(DOCUMENT_FILE, "utf8") === renderDocument(ledger), "run: npm run claims -- --write").toBe(true);
  });

  it("refuses a delivered claim without a command or a check, a deferred one without a reason, a foreign command", () => {
    const entry = { id: "nz-intro-1", source: "nzidia-zpu-network", section: "x", kind: "claim", quote: "A quote" };
    const delivered = { ...entry, status: "delivered", command: "npm test -- unit", shows: [{ matches: "x" }] };
    expect(claim.safeParse(delivered).success).toBe(true);
    for (const wrong of [
      { ...delivered, command: undefined },
      { ...delivered, shows: undefined },
      { ...delivered, shows: [] },
      { ...delivered, shows: [{ matches: "(" }] },
      { ...delivered, command: "rm -rf x" },
      { ...delivered, command: "npm test -- unit; rm x" },
      { ...delivered, command: "npm run -s devnet -- $(x)" },
      { ...delivered, quote: " " },
      { ...entry, status: "deferred" },
      { ...entry, status: "deferred", reason: "some day: perhaps, who knows" },
      { ...entry, status: "partial" },
      { ...entry, status: "partial", what: "half of it is there", command: "npm test -- unit" },
    ])
      expect(claim.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  });
});

const found = SOURCES.filter((source) => existsSync(join(DOCUMENTS, `${source}.txt`)));
if (found.length === 0) console.info("the two documents are not beside this clone: quotes are not compared with them");
for (const source of found) {
  it(`every quote of ${source} occurs in it, and no line of it is left out`, () => {
    const document = readFileSync(join(DOCUMENTS, `${source}.txt`), "utf8");
    const entries = ledger.filter((entry) => entry.source === source);
    expect(notQuoted(entries, document)).toEqual([]);
    expect(leftOut(entries, document, silent)).toEqual([]);
    expect(leftOut(entries.slice(1), document, silent).length, "leaving one entry out is noticed").toBeGreaterThan(0);
    expect(notQuoted(entries, document.slice(0, document.length / 2)).length).toBeGreaterThan(0);
  });
}

describe("what shows a claim", () => {
  const printed = {
    jobs: [
      { ok: true, paid: "2" },
      { ok: true, paid: "3" },
    ],
    claimed: "5",
    delta: "5",
  };
  const outcome = (value: unknown = printed, code = 0): Outcome => ({
    code,
    stdout: typeof value === "string" ? value : JSON.stringify(value),
    reports: { unit: [{ name: "seal opens", passed: true }, { name: "seal breaks", passed: false }] }, // prettier-ignore
  });

  it("accepts what holds", () => {
    for (const check of [
      { json: "jobs", length: 2 },
      { json: "jobs.*.ok", equals: true },
      { json: "jobs.*.paid", matches: "^\\d$" },
      { json: "claimed", equalsPath: "delta" },
      { matches: "claimed" },
      { report: "unit", test: "opens$" },
    ])
      expect(refutes(check, outcome()), JSON.stringify(check)).toBeUndefined();
    expect(refutes({ json: "n", within: [0, 9] }, outcome({ n: 9 }))).toBeUndefined();
    expect(refutes({ matches: "^ok +unit" }, outcome("types\nok   unit"))).toBeUndefined();
  });

  it("refuses what does not, and says why", () => {
    expect(refutes({ matches: "claimed" }, outcome(printed, 1))).toMatch(/code 1/);
    expect(refutes({ matches: "absent" }, outcome())).toMatch(/absent/);
    expect(refutes({ json: "jobs.*.missing", equals: true }, outcome())).toMatch(/there is no/);
    expect(refutes({ json: "jobs.*.ok", equals: true }, outcome({ jobs: [] }))).toMatch(/there is no/);
    expect(refutes({ json: "jobs.*.ok", equals: true }, outcome({ jobs: [{ ok: true }, { ok: false }] }))).toBe("jobs.*.ok is false");
    expect(refutes({ json: "claimed", equalsPath: "delta" }, outcome({ claimed: "5", delta: "4" }))).toBe('claimed is "5"');
    expect(refutes({ json: "claimed", equalsPath: "other" }, outcome())).toBe('claimed is "5"');
    expect(refutes({ json: "n", within: [0, 9] }, outcome({ n: 10 }))).toBe("n is 10");
    expect(refutes({ json: "jobs", length: 3 }, outcome())).toMatch(/^jobs is/);
    expect(refutes({ json: "jobs", length: 2 }, outcome("not JSON"))).toMatch(/not one JSON/);
    expect(refutes({ report: "unit", test: "nothing like it" }, outcome())).toMatch(/no test/);
    expect(refutes({ report: "network", test: "." }, outcome())).toMatch(/no test/);
    expect(refutes({ report: "unit", test: "^seal" }, outcome())).toMatch(/'seal breaks' did not pass/);
  });

  it("reads the reports of both test tools", () => {
    const vitest = { testResults: [{ assertionResults: [{ fullName: "a b", status: "passed" }, { fullName: "c", status: "skipped" }] }] }; // prettier-ignore
    expect(parseReport(JSON.stringify(vitest))).toEqual([{ name: "a b", passed: true }, { name: "c", passed: false }]); // prettier-ignore
    expect(parseReport("[PASS] test_post() (gas: 12)\n  [FAIL: reverted] test_prove(uint256) (runs: 2)")).toEqual([
      { name: "test_post", passed: true },
      { name: "test_prove", passed: false },
    ]);
    expect(valuesAt({ a: [{ b: 1 }, { b: 2 }] }, "a.*.b")).toEqual([1, 2]);
    expect(valuesAt({ a: 1 }, "a.b.c")).toEqual([]);
  });
});
