/** Sums and history of a long life: exact in total, bounded in size, right after a restart and whoever recorded what. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { earningsSummary, HISTORY_POINTS, LISTED_ENTRIES } from "@zpu/ipc/operator/earnings";
import { address, jobId, txHash } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChainPort } from "./chain-port.ts";
import { createHistory } from "./history.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { openStore, type Store } from "./store.ts";

const OWNER = address.parse(`0x${"11".repeat(20)}`);
const PAYOUT = address.parse(`0x${"22".repeat(20)}`);
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
const chain = { claimableWei: () => Promise.resolve(5n), tokenBalanceWei: () => Promise.resolve(6n) } as unknown as ChainPort;
/** More than 64 bits hold, and not a round number. */
const AMOUNT_WEI = 2n ** 70n + 1n;

let folder: string;
let db: DatabaseSync;
let store: Store;
let ledger: Ledger;
const open = (): void => {
  db = new DatabaseSync(join(folder, "core.sqlite"));
  store = openStore(db);
  ledger = createLedger({ store, chain, roles: { owner: OWNER, payout: PAYOUT } });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-ledger-"));
  open();
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});
const earn = (number: number, atMs: number, amountWei = AMOUNT_WEI): void =>
  ledger.record([{ type: "settled", jobId: jobId.parse(word(number)), provider: OWNER, amountWei } as never], {
    tx: txHash.parse(word(number)),
    block: Number(number),
    atMs,
  });
const claim = (number: number, atMs: number, amountWei = AMOUNT_WEI): void =>
  ledger.record([{ type: "claimed", account: PAYOUT, amountWei } as never], { tx: txHash.parse(word(number)), block: Number(number), atMs });

describe("the ledger", () => {
  it("says the same in few words after a thousand payments, also after a restart", async () => {
    store.atomically(() => {
      for (let number = 1; number <= 1_000; number += 1) earn(number, number * 1_000);
      for (let number = 2_001; number <= 2_300; number += 1) claim(number, number * 1_000, 3n);
    });
    earn(1, 1_000);
    const summary = await ledger.summary(7n);
    expect(earningsSummary.parse(summary)).toEqual(summary);
    expect(summary).toMatchObject({ claimableWei: 5n, balanceWei: 6n, pendingWei: 7n, claimedWei: 900n, earnedCount: 1_000, claimsCount: 300 });
    expect(summary.earned).toHaveLength(LISTED_ENTRIES);
    expect([summary.earned[0]?.atMs, summary.earned.at(-1)?.atMs]).toEqual([801_000, 1_000_000]);
    expect([summary.claims[0]?.atMs, summary.claims.at(-1)?.atMs]).toEqual([2_101_000, 2_300_000]);
    expect(summary.history.length).toBeLessThanOrEqual(HISTORY_POINTS);
    expect(summary.history.at(-1)).toEqual({ atMs: 1_000_000, totalWei: 1_000n * AMOUNT_WEI });
    expect(ledger.earning(jobId.parse(word(3)))).toMatchObject({ atMs: 3_000, amountWei: AMOUNT_WEI });
    expect(ledger.claimed(txHash.parse(word(2_001)))).toMatchObject({ amountWei: 3n });
    expect(ledger.claimed(txHash.parse(word(1)))).toBeUndefined();
    db.close();
    open();
    expect(await ledger.summary(7n)).toEqual(summary);
  });

  it("adds what is new, forgets what was rolled back, and reads no old payment again", () => {
    earn(1, 10);
    expect(ledger.entries()).toMatchObject({ earnedCount: 1, history: [{ atMs: 10, totalWei: AMOUNT_WEI }] });
    expect(() =>
      store.atomically(() => {
        earn(2, 20);
        throw new Error("no room");
      }),
    ).toThrow("no room");
    earn(3, 5, 1n);
    claim(9, 30, 4n);
    expect(ledger.entries()).toMatchObject({
      earnedCount: 2,
      claimedWei: 4n,
      history: [{ atMs: 5, totalWei: 1n }, { atMs: 10, totalWei: AMOUNT_WEI + 1n }], // prettier-ignore
    });
    let seen = 0;
    store.earnedSince(2, () => (seen += 1));
    expect(seen).toBe(0);
  });
});

describe("the history", () => {
  it("has a point for every payment while there are few", () => {
    const history = createHistory(4);
    for (const atMs of [7, 3, 3, 900]) history.add(2n, atMs);
    expect(history.points()).toEqual([{ atMs: 3, totalWei: 4n }, { atMs: 7, totalWei: 6n }, { atMs: 900, totalWei: 8n }]); // prettier-ignore
  });

  it.each([400, 401, 5_000])("of %i payments keeps the end, never falls, and says at each point exactly what had been earned by then", (payments) => {
    const history = createHistory(HISTORY_POINTS);
    const times = Array.from({ length: payments }, (_, index) => 1_700_000_000_000 + ((index * 7_919) % payments) * 86_413);
    for (const atMs of times) history.add(3n, atMs);
    const points = history.points();
    expect(points.length).toBeLessThanOrEqual(HISTORY_POINTS);
    expect(points.length).toBeGreaterThan(HISTORY_POINTS / 4);
    for (const { atMs, totalWei } of points) expect(totalWei).toBe(3n * BigInt(times.filter((time) => time <= atMs).length));
    expect(points.at(-1)).toEqual({ atMs: Math.max(...times), totalWei: 3n * BigInt(payments) });
    expect([history.count, history.totalWei]).toEqual([payments, 3n * BigInt(payments)]);
  });
});
