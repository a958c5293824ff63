/** What a requestor hears on its stream: the answer to its offer, every step, the result once, the end; and who may ask for what. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitInput } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, modelId, txHash } from "@zpu/protocol/ids";
import { deriveJobId } from "@zpu/protocol/job";
import type { JobReply } from "@zpu/protocol/messages";
import { tokensToWei } from "@zpu/protocol/money";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobs } from "../base/blobs.ts";
import { openJournal, type Journal } from "../base/journal.ts";
import { createSignal } from "../base/slice.ts";
import type { JobRecord } from "../jobs/record.ts";
import { receiptOf } from "../jobs/steps.ts";
import type { Offer, OpenedInput } from "./admission.ts";
import { createJobSessions, outputBytes, type JobSessions } from "./job-session.ts";

const PROVIDER = address.parse(`0x${"11".repeat(20)}`);
const REQUESTOR = address.parse(`0x${"22".repeat(20)}`);
const MODEL = modelId.parse(`0x${"55".repeat(32)}`);
const word = (value: bigint) => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);
const TX = txHash.parse(`0x${"99".repeat(32)}`);
const pixels = Uint8Array.from({ length: 784 }, (_, index) => index % 200);
const input: OpenedInput = { tensor: { data: pixels, salt: word(9n) } };
const nowMs = Date.now();

const spec = {
  provider: PROVIDER,
  modelId: MODEL,
  inputCommitment: word(commitInput(pixels, 9n)),
  priceWei: tokensToWei(2),
  acceptBy: Math.floor(nowMs / 1000) + 60,
  deadline: Math.floor(nowMs / 1000) + 600,
};
const jobId = deriveJobId(REQUESTOR, 1n, spec);
const offer: Offer = {
  type: "offer", jobId, requestor: REQUESTOR, nonce: 1n, spec,
  input: { enc: new Uint8Array(32), ciphertext: new Uint8Array(40) }, replyKey: word(3n), signature: "0xaa",
}; // prettier-ignore
const proof = { a: [1n, 2n], b: [[1n, 2n], [3n, 4n]], c: [5n, 6n] } as const; // prettier-ignore

let folder: string;
let journal: Journal;
let sessions: JobSessions;
const steps = createSignal<JobRecord>((error) => expect.unreachable(String(error)));
let replies: { channelId: number; reply: JobReply; last: boolean }[];
let asked: string[];
let postedError: ZpuError | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-session-"));
  journal = openJournal(join(folder, "core.sqlite"));
  replies = [];
  asked = [];
  postedError = undefined;
  sessions = createJobSessions({
    journal,
    blobs: openBlobs(join(folder, "blobs")),
    runner: {
      steps,
      posted(id, tx) {
        asked.push(`posted ${id} ${tx}`);
        return postedError ? Promise.reject(postedError) : Promise.resolve();
      },
      cancel(id) {
        asked.push(`cancel ${id}`);
        return Promise.resolve();
      },
    },
    admissionContext: () =>
      Promise.resolve({
        nowMs,
        provider: PROVIDER,
        offerings: [{ modelId: MODEL, name: "digits-mlp", priceWei: tokensToWei(2), proof: "zk" as const }],
        openJobs: journal.workingCount(),
        maxOpenJobs: 8,
        openOffers: journal.offerCount(),
        maxOffers: 64,
        offersOf: (requestor) => journal.offerCount(requestor),
        maxOffersPerRequestor: 8,
        diskFull: undefined,
        chain: { reachable: true, rpcUrl: "http://127.0.0.1:1" },
        registration: { registered: true, active: true, stakeWei: 1n, minStakeWei: 1n },
        minWorkMs: 1,
        minPostMs: 1,
        maxPostMs: 120_000,
        recoverRequestor: (_id, signature) => (signature === "0xaa" ? REQUESTOR : undefined),
      }),
    reply(channelId, reply, last) {
      replies.push({ channelId, reply, last });
      return Promise.resolve();
    },
    sealOutput: ({ tensor }) => Promise.resolve({ enc: new Uint8Array(32), ciphertext: tensor.data }),
    recoverReceiptSigner: (_receipt, signature) => (signature === "0xcc" ? REQUESTOR : PROVIDER),
    now: () => nowMs,
    log: () => undefined,
    diskFull: () => undefined,
  });
});
afterEach(() => {
  sessions.stop();
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every reply that was decided has left: they wait for nothing but each other. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const heard = (channelId: number): string[] =>
  replies
    .filter((entry) => entry.channelId === channelId)
    .map(({ reply, last }) => `${reply.type}${"state" in reply ? ` ${reply.state}` : ""}${last ? " (last)" : ""}`);
/** Takes the job one step and tells it, as the runner does. */
const step = (...args: Parameters<Journal["step"]>): void => steps.tell(journal.step(...args));
function prove(): void {
  step(jobId, "accepting", nowMs);
  step(jobId, "accepted", nowMs, { tx: TX });
  const run = {
    logits: [1, -2, 3, 4, 5, 6, 7, 8, 9, 10], outputSalt: 12n, outputCommitment: word(77n), engine: "test@1/cpu", profile: "integer-v1" as const,
    startedAtMs: nowMs, finishedAtMs: nowMs,
  }; // prettier-ignore
  step(jobId, "executed", nowMs, { change: { run } });
  step(jobId, "proven", nowMs, { change: { proof: structuredClone(proof) as never, receiptSignature: "0xbb" } });
}

describe("job sessions", () => {
  it("takes an offer, tells every step, sends the result as soon as it is proven, and ends the stream", async () => {
    await sessions.request(1, offer, input);
    await sessions.request(1, { type: "posted", jobId, tx: TX }, undefined);
    expect(asked).toEqual([`posted ${jobId} ${TX}`]);
    prove();
    step(jobId, "submitting", nowMs);
    step(jobId, "verified", nowMs, { tx: TX });
    step(jobId, "settling", nowMs);
    step(jobId, "paid", nowMs, { tx: TX });
    await settled();
    expect(heard(1)).toEqual([
      "accepted", "progress accepting", "progress accepted", "progress executed", "progress proven", "result",
      "progress submitting", "progress verified", "progress settling", "progress paid", "ended paid (last)",
    ]); // prettier-ignore
    const result = replies.find(({ reply }) => reply.type === "result")?.reply;
    expect(result?.type === "result" && new DataView(result.output.ciphertext.buffer).getInt32(4, true)).toBe(-2);
  });

  it("answers a repeated offer with what is stored while it is one, and refuses a replay by code afterwards", async () => {
    await sessions.request(1, offer, input);
    await sessions.request(2, offer, input);
    prove();
    await sessions.request(3, offer, undefined);
    await sessions.request(4, { ...offer, replyKey: word(4n) }, input);
    await settled();
    expect(journal.recent(10)).toHaveLength(1);
    expect(heard(1)).toEqual(["accepted"]);
    expect(heard(2)).toEqual(["accepted", "progress accepting", "progress accepted", "progress executed", "progress proven", "result"]);
    for (const channelId of [3, 4]) {
      expect(heard(channelId)).toEqual(["rejected (last)"]);
      expect(replies.find((reply) => reply.channelId === channelId)?.reply).toMatchObject({
        error: { code: "REPLAYED_MESSAGE", facts: { state: "proven" } },
      });
    }
  });

  it("resumes for the requestor alone, also after the end", async () => {
    await sessions.request(1, offer, input);
    sessions.ended(1);
    prove();
    await sessions.request(2, { type: "resume", jobId, signature: "0x00" }, undefined);
    await sessions.request(3, { type: "resume", jobId, signature: "0xaa" }, undefined);
    step(jobId, "failed", nowMs, { error: { code: "PROOF_REJECTED", facts: { reason: "x" } } });
    await sessions.request(4, { type: "resume", jobId, signature: "0xaa" }, undefined);
    await settled();
    expect(heard(2)).toEqual(["rejected (last)"]);
    expect(heard(3)).toEqual(["progress proven", "result", "progress failed", "ended failed (last)"]);
    expect(heard(4)).toEqual(["progress failed", "result", "ended failed (last)"]);
    expect(replies.at(-1)?.reply).toMatchObject({ error: { code: "PROOF_REJECTED" } });
  });

  it("refuses what a stream has no right to", async () => {
    await sessions.request(1, offer, input);
    await sessions.request(2, { type: "posted", jobId, tx: TX }, undefined);
    await sessions.request(2, { type: "cancel", jobId }, undefined);
    await sessions.request(3, { type: "resume", jobId: deriveJobId(REQUESTOR, 2n, spec), signature: "0xaa" }, undefined);
    await settled();
    expect(asked).toEqual([]);
    expect(heard(2)).toEqual(["rejected", "rejected"]);
    expect(replies.find(({ channelId }) => channelId === 3)?.reply).toMatchObject({ error: { code: "JOB_UNKNOWN" } });
    await sessions.request(1, { type: "cancel", jobId }, undefined);
    expect(asked).toEqual([`cancel ${jobId}`]);
  });

  it("keeps a stream open whose posting is not on the chain yet", async () => {
    await sessions.request(1, offer, input);
    postedError = new ZpuError("JOB_NOT_POSTED", { jobId, detail: "it is not there" });
    await sessions.request(1, { type: "posted", jobId, tx: TX }, undefined);
    postedError = undefined;
    await sessions.request(1, { type: "posted", jobId, tx: TX }, undefined);
    await settled();
    expect(heard(1)).toEqual(["accepted", "rejected"]);
    expect(asked).toHaveLength(2);
  });

  it("stores a countersigned receipt of its own job, and no other", async () => {
    await sessions.request(1, offer, input);
    expect(() => sessions.receipt({ signed: { receipt: { jobId } as never, signature: "0xbb" }, countersignature: "0xcc" })).toThrow("no job");
    prove();
    const job = journal.job(jobId);
    if (!job?.facts.run) throw new Error("not run");
    const receipt = receiptOf(job, job.facts.run);
    const signed = { receipt, signature: "0xbb" };
    expect(() => sessions.receipt({ signed, countersignature: "0xdd" })).toThrow("countersignature");
    expect(() => sessions.receipt({ signed: { receipt: { ...receipt, engine: "other" }, signature: "0xbb" }, countersignature: "0xcc" })).toThrow(
      "countersignature",
    );
    expect(sessions.receipt({ signed, countersignature: "0xcc" })).toEqual({ type: "stored", jobId });
    expect(journal.job(jobId)?.facts.countersignature).toBe("0xcc");
  });

  it("writes outputs as int32, little-endian", () => {
    expect(outputBytes([1, -1])).toEqual(Uint8Array.of(1, 0, 0, 0, 255, 255, 255, 255));
  });
});
