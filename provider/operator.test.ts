/** What the owner is told: jobs as they move, earnings as they grow, and questions passed on with their labels. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { address, bytes32, jobId, modelId, txHash } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobs, type Blobs } from "./base/blobs.ts";
import { openJournal, type Journal } from "./base/journal.ts";
import { createSignal } from "./base/slice.ts";
import type { JobRecord } from "./jobs/record.ts";
import { createOperator, type OperatorServer } from "./operator.ts";
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
let askUrl: string;
const steps = createSignal<JobRecord>();
const heads = createSignal<undefined>();

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
  const entries = () => ({ claimedWei: 3n, earned: [], claims: [] });
  operator = createOperator({
    journal,
    blobs,
    steps,
    settlement: {
      onHead: (listener: () => void) => heads.on(listener),
      ledger: { entries, summary: (pendingWei: bigint) => Promise.resolve({ claimableWei, balanceWei: 5n, pendingWei, ...entries() }) },
    } as unknown as ChainSettlement,
    claims: { claim: () => Promise.resolve({ amountWei: 7n, tx: TX }) },
    status: () => () => undefined,
    discovery: () => ({ devnet: true, askUrl }) as unknown as DiscoveryDocument,
    log: () => undefined,
  });
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

  it("counts what is on its way and reads the chain again after blocks", async () => {
    const { jobId: id } = offer("a");
    steps.tell(journal.step(id, "accepting", 1));
    claimableWei = 9n;
    const seen: bigint[][] = [];
    const stop = operator.handlers.earnings.summary(({ claimableWei: claimable, pendingWei, claimedWei }) =>
      seen.push([claimable, pendingWei, claimedWei]),
    );
    heads.tell(undefined);
    await wait(400);
    stop();
    expect(seen[0]).toEqual([0n, 0n, 3n]);
    expect(seen.at(-1)).toEqual([9n, 2n, 3n]);
    expect(await operator.handlers.earnings.claim({})).toEqual({ amountWei: 7n, tx: TX });
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
