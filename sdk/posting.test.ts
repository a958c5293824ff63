/** What a lost answer, a lagging node and a replaced transaction mean for an escrow that may be out. */
import { ZpuError } from "@zpu/protocol/errors";
import { jobId, txHash } from "@zpu/protocol/ids";
import { expect, test } from "vitest";
import type { ChainTransaction } from "./chain-records.ts";
import { untilPosted, type PostingWatch } from "./posting.ts";

const id = jobId.parse(`0x${"11".repeat(32)}`);
const hash = txHash.parse(`0x${"22".repeat(32)}`);
const mined: ChainTransaction = { hash, block: 7, atMs: 1 };
const soon = (): number => Math.floor(Date.now() / 1000) + 1;
const watch = (changed: Partial<PostingWatch>): Promise<ChainTransaction> =>
  untilPosted({
    jobId: id,
    acceptBy: soon() + 60,
    hash,
    sending: Promise.resolve(hash),
    sendAgain: () => Promise.resolve(),
    declined: () => false,
    receipt: () => Promise.resolve(undefined),
    posted: () => Promise.resolve(undefined),
    nonceUsed: () => Promise.resolve(false),
    pollMs: 5,
    signal: undefined,
    ...changed,
  });
const away = (): Promise<never> => Promise.reject(new ZpuError("CHAIN_UNREACHABLE", { rpc: "http://rpc.example" }));

test("failed looks do not end it: what is mined later is found", async () => {
  let looks = 0;
  const receipt = (): Promise<ChainTransaction | undefined> => ((looks += 1) < 5 ? away() : Promise.resolve(mined));
  expect(await watch({ receipt })).toEqual(mined);
  expect(looks).toBe(5);
});

test("a broadcast whose answer was lost is sent again and found by its hash; without a hash the job itself is found", async () => {
  let sent = 0;
  const lost = Promise.reject<never>(new Error("socket hang up"));
  const sendAgain = (): Promise<unknown> => Promise.resolve((sent += 1));
  expect(await watch({ sending: lost, sendAgain, receipt: () => Promise.resolve(sent > 1 ? mined : undefined) })).toEqual(mined);
  expect(sent).toBe(2);
  expect(await watch({ hash: undefined, sending: new Promise(() => undefined), sendAgain: undefined, posted: () => Promise.resolve(mined) })).toEqual(mined); // prettier-ignore
});

test("only a mined refusal or another transaction in its place shows that nothing is posted", async () => {
  await expect(watch({ receipt: () => Promise.resolve("reverted") })).rejects.toMatchObject({
    code: "TRANSACTION_REVERTED",
    facts: { jobId: id, mayBePosted: false },
  });
  let looks = 0;
  const nonceUsed = (): Promise<boolean> => Promise.resolve((looks += 1) > 0);
  await expect(watch({ nonceUsed })).rejects.toMatchObject({ code: "TRANSACTION_REVERTED", facts: { jobId: id, mayBePosted: false } });
  expect(looks).toBe(3); // one look may be at a node that lags behind
});

test("a node that shows the nonce used before it shows the job is no refusal", async () => {
  let looks = 0;
  expect(await watch({ nonceUsed: () => Promise.resolve(true), posted: () => Promise.resolve((looks += 1) < 3 ? undefined : mined) })).toEqual(mined);
});

test("after acceptBy it says that the escrow may be there", async () => {
  for (const receipt of [away, () => Promise.resolve(undefined)]) {
    await expect(watch({ receipt, acceptBy: soon() })).rejects.toMatchObject({
      code: "ESCROW_UNCERTAIN",
      facts: { jobId: id, mayBePosted: true, transaction: hash },
    });
  }
});

test("an abort ends the wait at once, also in the middle of a look, and says so too", async () => {
  const aborting = new AbortController();
  setTimeout(() => { aborting.abort(); }, 20); // prettier-ignore
  const startedAt = performance.now();
  await expect(watch({ signal: aborting.signal, acceptBy: soon() + 60, receipt: () => new Promise(() => undefined) })).rejects.toMatchObject({
    code: "CANCELLED",
    facts: { jobId: id, mayBePosted: true, transaction: hash },
  });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test("declined in the wallet is nothing posted", async () => {
  const declined = watch({ hash: undefined, sending: Promise.reject<never>(new Error("no")), sendAgain: undefined, declined: () => true });
  await expect(declined).rejects.toMatchObject({ code: "CANCELLED", facts: {} });
});
