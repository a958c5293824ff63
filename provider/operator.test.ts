/** What the owner is told: jobs as they move, earnings as they grow, and questions passed on with their labels. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobList, LISTED_JOBS, LISTED_OFFERS, type JobView } from "@zpu/ipc/operator/jobs";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, jobId, modelId, txHash } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobs, type Blobs } from "./base/blobs.ts";
import { openJournal, type Journal } from "./base/journal.ts";
import { createSignal } from "./base/slice.ts";
import type { JobRecord } from "./jobs/record.ts";
import { createOperator, type OperatorParts, type OperatorServer } from "./operator.ts";
import type { ChainSettlement } from "./settlement/settlement.ts";

const JOB = jobId.parse(`0x${"ab".repeat(32)}`);
const TX = txHash.parse(`0x${"99".repeat(32)}`);
const pixels = Uint8Array.from({ length: 784 }, (_, index) => index % 256);

let folder: string;
let journal: Journal;
let blobs: Blobs;
let operator: OperatorServer;
let web: Server;
let asked: unknown[];
let answer: { status: number; body: unknown };
let claimableWei = 0n;
let parts: Omit<OperatorParts, "journal" | "blobs">;
let reads: number;
let summaryError: ZpuError | undefined;
let logs: string[];
let askUrl: string;
const steps = createSignal<JobRecord>((error) => expect.unreachable(String(error)));
const heads = createSignal<undefined>((error) => expect.unreachable(String(error)));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zpu-operator-"));
  journal = openJournal(join(folder, "core.sqlite"));
  blobs = openBlobs(join(folder, "blobs"));
  asked = [];
  answer = { status: 200, body: { jobId: JOB, proofUrl: "http://127.0.0.1/proofs/x" } };
  web = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(JSON.parse(body));
      response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
  askUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/ask`;
  reads = 0;
  logs = [];
  summaryError = undefined;
  const entries = () => ({ claimedWei: 3n, earnedCount: 0, claimsCount: 0, earned: [], claims: [], history: [] });
  parts = {
    steps,
    settlement: {
      onHead: (listener: () => void) => heads.on(listener),
      ledger: {
        entries,
        summary(pendingWei: bigint) {
          reads += 1;
          return summaryError ? Promise.reject(summaryError) : Promise.resolve({ claimableWei, balanceWei: 5n, pendingWei, ...entries() });
        },
      },
    } as unknown as ChainSettlement,
    claims: { claim: () => Promise.resolve({ amountWei: 7n, tx: TX }) },
    status: () => () => undefined,
    discovery: () => ({ devnet: true, askUrl }) as unknown as DiscoveryDocument,
    log: (level, message) => void logs.push(`${level} ${message}`),
  };
  operator = createOperator({ ...parts, journal, blobs });
});
afterEach(async () => {
  operator.stop();
  journal.close();
  web.closeAllConnections();
  await new Promise((done) => web.close(done));
  rmSync(folder, { recursive: true, force: true });
});

function offer(digit: string): JobRecord {
  const id = jobId.parse(`0x${digit.repeat(64)}`);
  const record = journal.insert(id, Date.now(), {
    requestor: address.parse(`0x${"22".repeat(20)}`),
    nonce: 1n,
    spec: {
      provider: address.parse(`0x${"11".repeat(20)}`),
      modelId: modelId.parse(`0x${"55".repeat(32)}`),
      inputCommitment: bytes32.parse(`0x${"66".repeat(32)}`),
      priceWei: 2n,
      acceptBy: 2_000_000_000,
      deadline: 2_000_000_100,
    },
    modelName: "digits-mlp",
    replyKey: bytes32.parse(`0x${"77".repeat(32)}`),
    inputBlob: blobs.put(pixels),
    inputSalt: 1n,
    stagesMs: {},
  });
  steps.tell(record);
  return record;
}
const wait = (ms = 80): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe("operator", () => {
  it("lists jobs newest first, at once and after every step, with the digit that was asked for", async () => {
    offer("a");
    const seen: JobView[][] = [];
    const stop = operator.handlers.jobs.list((jobs) => seen.push(jobs as JobView[]));
    offer("b");
    const { jobId: id } = offer("c");
    steps.tell(journal.step(id, "accepting", 1));
    await wait();
    stop();
    expect(seen[0]?.map((job) => job.state)).toEqual(["offered"]);
    expect(seen.at(-1)?.map((job) => [job.jobId[2], job.state])).toEqual([["c", "accepting"], ["b", "offered"], ["a", "offered"]]); // prettier-ignore
    expect(seen.at(-1)?.[0]?.pixels).toEqual(pixels);
    expect(seen.length).toBeLessThanOrEqual(3);
    expect(() => operator.handlers.jobs.get({ jobId: JOB })).toThrow("no job");
  });

  it("counts what is on its way, says first what the chain says now, and reads it again after blocks", async () => {
    const { jobId: id } = offer("a");
    steps.tell(journal.step(id, "accepting", 1));
    claimableWei = 9n;
    const seen: bigint[][] = [];
    const stop = operator.handlers.earnings.summary(({ claimableWei: claimable, pendingWei, claimedWei }) =>
      seen.push([claimable, pendingWei, claimedWei]),
    );
    await wait(10);
    expect(seen).toEqual([[9n, 2n, 3n]]);
    claimableWei = 11n;
    heads.tell(undefined);
    await wait(400);
    stop();
    expect(seen).toEqual([[9n, 2n, 3n], [11n, 2n, 3n]]); // prettier-ignore
    expect(await operator.handlers.earnings.claim({})).toEqual({ amountWei: 7n, tx: TX });
  });

  it("reads earnings only while somebody watches, and tells only what has changed", async () => {
    claimableWei = 1n;
    heads.tell(undefined);
    offer("a");
    await wait(400);
    expect(reads).toBe(0);
    const seen: bigint[] = [];
    const stop = operator.handlers.earnings.summary((summary) => seen.push(summary.claimableWei));
    await wait(10);
    heads.tell(undefined);
    await wait(400);
    expect([reads, seen]).toEqual([2, [1n]]);
    const second: bigint[] = [];
    const stopSecond = operator.handlers.earnings.summary((summary) => second.push(summary.claimableWei));
    expect(second).toEqual([1n]);
    stop();
    stopSecond();
    claimableWei = 4n;
    heads.tell(undefined);
    await wait(400);
    expect(reads).toBe(2);
    const later: bigint[] = [];
    const stopLater = operator.handlers.earnings.summary((summary) => later.push(summary.claimableWei));
    await wait(10);
    stopLater();
    expect(later).toEqual([4n]);
  });

  it("says what it knows while the chain is away", async () => {
    summaryError = new ZpuError("CHAIN_UNREACHABLE", { rpc: "test" });
    const seen: bigint[][] = [];
    const stop = operator.handlers.earnings.summary((summary) => seen.push([summary.claimableWei, summary.claimedWei]));
    await wait(10);
    stop();
    expect(seen).toEqual([[0n, 3n]]);
  });

  it("shows a job whose input is gone without it, also after a restart", async () => {
    const { jobId: id, facts } = offer("a");
    blobs.remove(facts.inputBlob);
    steps.tell(journal.step(id, "accepting", 1));
    const seen: JobView[][] = [];
    operator.handlers.jobs.list((jobs) => seen.push(jobs as JobView[]))();
    expect(seen[0]?.map((job) => [job.state, job.pixels])).toEqual([["accepting", undefined]]);
    expect(operator.handlers.jobs.get({ jobId: id })).toMatchObject({ jobId: id, state: "accepting" });
    operator.stop();
    operator = createOperator({ ...parts, journal, blobs });
    operator.handlers.jobs.list((jobs) => seen.push(jobs as JobView[]))();
    expect(seen[1]?.map((job) => job.state)).toEqual(["accepting"]);
    expect(logs.some((line) => line.startsWith("warn") && line.includes("gone"))).toBe(true);
    await wait(0);
  });

  it("lists every job however many offers were never posted, and of those the newest", async () => {
    const job = (number: number): JobRecord => ({ ...offer("a"), jobId: jobId.parse(`0x${number.toString(16).padStart(64, "0")}`) });
    for (let number = 0; number < LISTED_JOBS; number += 1) {
      const record = job(number);
      steps.tell({ ...record, state: "accepting", events: [...record.events, { state: "accepting", atMs: 1 }] });
    }
    for (let number = 1_000; number < 1_000 + 3 * LISTED_OFFERS; number += 1) steps.tell({ ...job(number), state: "expired" });
    const seen: JobView[][] = [];
    operator.handlers.jobs.list((jobs) => seen.push(jobs as JobView[]))();
    const listed = seen[0] ?? [];
    expect(listed.filter(({ state }) => state === "accepting")).toHaveLength(LISTED_JOBS);
    const offers = listed.filter(({ state }) => state === "expired").map((view) => Number(view.jobId));
    expect(offers).toHaveLength(LISTED_OFFERS);
    expect(Math.min(...offers)).toBe(1_000 + 2 * LISTED_OFFERS);
    expect(jobList.safeParse(listed).success).toBe(true);
    await wait(0);
  });

  it("passes a question to the devnet's requestor and keeps its label for the job", async () => {
    expect(await operator.handlers.jobs.ask({ pixels, label: 7 })).toEqual({ jobId: JOB, proofUrl: "http://127.0.0.1/proofs/x" });
    expect(asked).toEqual([{ pixels: Buffer.from(pixels).toString("base64"), label: 7 }]);
    expect(journal.label(JOB)).toBe(7);
  });

  it.each<[number, unknown, string]>([
    [503, { code: "NO_PROVIDER", facts: { model: "digits-mlp" } }, "NO_PROVIDER"],
    [500, "oops", "INTERNAL"],
    [200, { jobId: "0x12" }, "MALFORMED_MESSAGE"],
  ])("hands on what the requestor answers: %i", async (status, body, code) => {
    answer = { status, body };
    await expect(operator.handlers.jobs.ask({ pixels })).rejects.toMatchObject({ code });
  });

  it("says so where the requestor does not answer, and leaves stopping to the host", async () => {
    web.closeAllConnections();
    await new Promise((done) => web.close(done));
    await expect(operator.handlers.jobs.ask({ pixels })).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
    expect(() => operator.handlers.node.stop({})).toThrow("not supported");
  });
});
