/** A job must survive a sudden end before and after every write: nothing lost, nothing sent twice, always in a named state. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitInput, commitOutput } from "@zpu/proofs/commitment";
import type { Intent } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, jobId as jobIdSchema, modelId, txHash, type JobId } from "@zpu/protocol/ids";
import { deriveJobId, type ChainJobState, type JobSpec, type JobState } from "@zpu/protocol/job";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobs } from "../base/blobs.ts";
import { openJournal, type Journal } from "../base/journal.ts";
import type { ChainJob, TxOutcome } from "../ports.ts";
import { createRunner, KEPT_OFFERS, type Runner, type RunnerParts } from "./runner.ts";

const PROVIDER = address.parse(`0x${"11".repeat(20)}`);
const REQUESTOR = address.parse(`0x${"22".repeat(20)}`);
const JOBS = address.parse(`0x${"33".repeat(20)}`);
const POST_TX = txHash.parse(`0x${"44".repeat(32)}`);
const PAID_WAY: JobState[] = ["offered", "accepting", "accepted", "executed", "proven", "submitting", "verified", "settling", "paid"];
const pixels = Uint8Array.from({ length: 784 }, (_, index) => index % 256);
const asBytes32 = (value: bigint) => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** The job contract, as far as one job needs it, and a queue that sends once per key. */
function scriptedChain(spec: JobSpec, jobId: JobId) {
  const mined: { key: string; intent: Intent }[] = [];
  const outcomes = new Map<string, TxOutcome>();
  const chain = {
    state: "none" as ChainJobState,
    outputCommitment: `0x${"00".repeat(32)}`,
    mined,
    reachable: true,
    refuse: undefined as ((intent: Intent) => string | undefined) | undefined,
    // eslint-disable-next-line @typescript-eslint/require-await
    async job(asked: JobId): Promise<ChainJob> {
      if (!chain.reachable) throw new ZpuError("CHAIN_UNREACHABLE", { rpc: "test" });
      expect(asked).toBe(jobId);
      return {
        state: chain.state, requestor: REQUESTOR, provider: spec.provider, modelId: spec.modelId, inputCommitment: spec.inputCommitment,
        outputCommitment: chain.outputCommitment, priceWei: spec.priceWei, acceptBy: spec.acceptBy, deadline: spec.deadline,
      }; // prettier-ignore
    },
    sent(key: string) {
      const outcome = outcomes.get(key);
      return outcome && { hash: outcome.hash, outcome };
    },
    outcomes,
    // eslint-disable-next-line @typescript-eslint/require-await
    async submit(key: string, intent: Intent): Promise<TxOutcome> {
      if (!chain.reachable) throw new ZpuError("CHAIN_UNREACHABLE", { rpc: "test" });
      const before = outcomes.get(key);
      if (before) return before;
      const reason = chain.refuse?.(intent);
      if (reason !== undefined) throw new ZpuError("TRANSACTION_REVERTED", { reason });
      const [from, to] = ({ accept: ["posted", "accepted"], prove: ["accepted", "proven"], settle: ["proven", "settled"] } as const)[
        intent.type as "accept"
      ];
      if (chain.state !== from) throw new ZpuError("TRANSACTION_REVERTED", { reason: `JobStateWrong(${chain.state})` });
      chain.state = to;
      if (intent.type === "prove") chain.outputCommitment = intent.outputCommitment;
      mined.push({ key, intent });
      const outcome: TxOutcome = {
        hash: txHash.parse(`0x${String(mined.length).padStart(64, "0")}`),
        status: "confirmed",
        block: mined.length,
        atMs: Date.now(),
      };
      outcomes.set(key, outcome);
      return outcome;
    },
  };
  return chain;
}

let folder: string;
const closers: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-runner-"));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function makeSpec(): JobSpec {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    provider: PROVIDER,
    modelId: modelId.parse(`0x${"55".repeat(32)}`),
    inputCommitment: asBytes32(commitInput(pixels, 7n)),
    priceWei: 2n * 10n ** 18n,
    acceptBy: nowSeconds + 60,
    deadline: nowSeconds + 120,
  };
}

/** A node's life: the same files each time, everything in memory new. */
function live(
  chain: ReturnType<typeof scriptedChain>,
  change: Partial<RunnerParts> = {},
  wrap: (journal: Journal) => Journal = (journal) => journal,
) {
  const opened = openJournal(join(folder, "core.sqlite"));
  const journal = wrap(opened);
  const blobs = openBlobs(join(folder, "blobs"));
  const receipts = new Set<string>();
  let drawn = BigInt(Math.floor(Math.random() * 1e9)) + 1n;
  const runner = createRunner({
    journal,
    blobs,
    settlement: chain,
    identity: { chainId: 5_918_805n, jobsContract: JOBS, provider: PROVIDER },
    execute: () => Promise.resolve({ logits: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0], engine: "test@1/cpu", profile: "integer-v1", ms: 1 }),
    prove: (_model, { input, output, inputSalt, outputSalt, context }) =>
      Promise.resolve({
        proof: { a: [1n, 2n], b: [[1n, 2n], [3n, 4n]], c: [5n, 6n] }, // prettier-ignore
        publicSignals: [commitInput(input, inputSalt), commitOutput(output, outputSalt), context] as const,
        ms: { witness: 1, prove: 2, verify: 3 },
      }),
    signReceipt(receipt) {
      receipts.add(receipt.outputCommitment);
      return Promise.resolve("0xaa");
    },
    drawSalt: () => drawn++,
    diskFull: () => undefined,
    now: Date.now,
    log: () => undefined,
    retryMs: 1,
    ...change,
  });
  const close = async (): Promise<void> => {
    await runner.stop();
    if (opened.db.isOpen) opened.close();
  };
  closers.push(close);
  return { journal: opened, blobs, runner, close };
}

function offer(node: ReturnType<typeof live>, spec: JobSpec): JobId {
  const jobId = deriveJobId(REQUESTOR, 1n, spec);
  node.journal.insert(jobId, Date.now(), {
    requestor: REQUESTOR, nonce: 1n, spec, modelName: "digits-mlp", replyKey: bytes32.parse(`0x${"66".repeat(32)}`),
    inputBlob: node.blobs.put(pixels), inputSalt: 7n, stagesMs: {},
  }); // prettier-ignore
  return jobId;
}

async function reaches(journal: Journal, jobId: JobId, states: readonly JobState[], limitMs = 5_000): Promise<JobState> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const state = journal.job(jobId)?.state ?? "offered";
    if (states.includes(state) || Date.now() > endMs) return state;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const states = (journal: Journal, jobId: JobId): JobState[] => journal.job(jobId)?.events.map((event) => event.state) ?? [];

class Killed extends Error {}

/** Dies at write number `at`, before or after it reaches the disk; afterwards nothing is written any more. */
function dying(at: number, when: "before" | "after", died: () => void) {
  return (journal: Journal): Journal => {
    let writes = 0;
    let dead = false;
    const mortal =
      <A extends unknown[], R>(write: (...args: A) => R) =>
      (...args: A): R => {
        if (dead) throw new Killed();
        writes += 1;
        if (writes === at && when === "before") dead = true;
        else if (writes === at) {
          write(...args);
          dead = true;
        }
        if (dead) {
          died();
          throw new Killed();
        }
        return write(...args);
      };
    return { ...journal, step: mortal(journal.step), amend: mortal(journal.amend) };
  };
}

describe("runner", () => {
  it("takes a posted job the whole way, one transaction per verb", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const node = live(chain);
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["paid"])).toBe("paid");
    expect(states(node.journal, jobId)).toEqual(PAID_WAY);
    expect(chain.mined.map(({ key }) => key)).toEqual([`accept:${jobId}`, `prove:${jobId}`, `settle:${jobId}`]);
    expect(
      node.journal
        .job(jobId)
        ?.events.filter((event) => event.tx)
        .map((event) => event.state),
    ).toEqual(["accepted", "verified", "paid"]);
  });

  for (const when of ["before", "after"] as const) {
    // 1 amend (posted) and 8 steps; beyond that nothing is written.
    it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(`killed ${when} write %i: after restarts the job is paid once`, async (at) => {
      const spec = makeSpec();
      const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
      let killed = false;
      const first = live(
        chain,
        {},
        dying(at, when, () => (killed = true)),
      );
      const jobId = offer(first, spec);
      chain.state = "posted";
      await first.runner.posted(jobId, POST_TX).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(killed).toBe(true);
      const commitment = first.journal.job(jobId)?.facts.run?.outputCommitment;
      await first.close();

      const second = live(chain);
      second.runner.resume();
      expect(await reaches(second.journal, jobId, ["paid"])).toBe("paid");
      expect(states(second.journal, jobId)).toEqual(PAID_WAY);
      expect(chain.mined.map(({ intent }) => intent.type)).toEqual(["accept", "prove", "settle"]);
      if (commitment !== undefined) expect(chain.outputCommitment).toBe(commitment);
    });
  }

  it("finds a job posted while it was down, without being told", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const node = live(chain);
    const jobId = offer(node, spec);
    chain.state = "posted";
    node.runner.resume();
    expect(await reaches(node.journal, jobId, ["paid"])).toBe("paid");
  });

  it("runs a step again when its process dies, and fails the job by name when it keeps dying", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    let deaths = 2;
    const node = live(chain, {
      execute: () =>
        deaths-- > 0
          ? Promise.reject(new ZpuError("EXECUTOR_DIED"))
          : Promise.resolve({ logits: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], engine: "test@1/cpu", profile: "integer-v1", ms: 1 }),
      prove: () => Promise.reject(new ZpuError("PROVER_DIED")),
    });
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["failed"])).toBe("failed");
    expect(states(node.journal, jobId)).toEqual(["offered", "accepting", "accepted", "executed", "failed"]);
    expect(node.journal.job(jobId)?.facts.error?.code).toBe("PROVER_DIED");
  });

  it("waits for a chain that is away and for a full disk, and loses nothing", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    let fullWrites = 6;
    let told = 0;
    const node = live(chain, { diskFull: () => (told += 1) }, (journal) => ({
      ...journal,
      step(...args) {
        if (args[1] === "executed" && fullWrites-- > 0) throw new ZpuError("DISK_FULL", { path: folder });
        return journal.step(...args);
      },
    }));
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    chain.reachable = false;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(node.journal.job(jobId)?.state).not.toBe("failed");
    chain.reachable = true;
    expect(await reaches(node.journal, jobId, ["paid"])).toBe("paid");
    expect(chain.mined).toHaveLength(3);
    expect(told).toBe(6);
  });

  it.each<[string, (chain: ReturnType<typeof scriptedChain>) => void, JobState, string]>([
    [
      "a proof the chain refuses",
      (chain) => (chain.refuse = (intent) => (intent.type === "prove" ? "ProofRefused" : undefined)),
      "failed",
      "PROOF_REJECTED",
    ],
    [
      "an acceptance the chain refuses",
      (chain) => (chain.refuse = (intent) => (intent.type === "accept" ? "ProviderInactive" : undefined)),
      "failed",
      "TRANSACTION_REVERTED",
    ],
    [
      "a cancellation just before acceptance",
      (chain) => (chain.refuse = () => ((chain.state = "cancelled"), "JobStateWrong")),
      "cancelled",
      "TRANSACTION_REVERTED",
    ],
    [
      "an expiry at the last moment",
      (chain) => (chain.refuse = (intent) => (intent.type === "prove" ? ((chain.state = "expired"), "JobStateWrong") : undefined)),
      "expired",
      "JOB_EXPIRED",
    ],
  ])("ends after %s in a named state", async (_what, arrange, state, code) => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const node = live(chain);
    const jobId = offer(node, spec);
    chain.state = "posted";
    arrange(chain);
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, [state])).toBe(state);
    expect(node.journal.job(jobId)?.facts.error?.code).toBe(code);
  });

  it("refuses to start on a job that is not on the chain or has other terms", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const node = live(chain, { postedWaitMs: 20 });
    const jobId = offer(node, spec);
    await expect(node.runner.posted(jobId, POST_TX)).rejects.toMatchObject({ code: "JOB_NOT_POSTED" });
    chain.state = "posted";
    const { job } = chain;
    chain.job = async (asked) => ({ ...(await job(asked)), priceWei: 1n });
    await expect(node.runner.posted(jobId, POST_TX)).rejects.toMatchObject({ code: "JOB_NOT_POSTED" });
    await expect(node.runner.posted(jobIdSchema.parse(`0x${"77".repeat(32)}`), POST_TX)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    expect(chain.mined).toEqual([]);
    expect(node.journal.job(jobId)?.state).toBe("offered");
  });

  it("lets an offer expire that nobody posts, and cancels one on request", async () => {
    const spec = { ...makeSpec(), acceptBy: Math.floor(Date.now() / 1000) - 1 };
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const node = live(chain);
    const jobId = offer(node, spec);
    node.runner.resume();
    expect(await reaches(node.journal, jobId, ["expired"])).toBe("expired");

    const other = makeSpec();
    const otherChain = scriptedChain(other, deriveJobId(REQUESTOR, 1n, other));
    const cancelling: Runner = live(otherChain).runner;
    const otherId = offer(node, other);
    await cancelling.cancel(otherId);
    expect(node.journal.job(otherId)?.state).toBe("cancelled");
  });

  it("does not submit a proof after the deadline", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    let nowMs = Date.now();
    const node = live(chain, {
      now: () => nowMs,
      signReceipt() {
        nowMs = spec.deadline * 1000 + 1;
        return Promise.resolve("0xaa");
      },
    });
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["expired"])).toBe("expired");
    expect(chain.mined.map(({ intent }) => intent.type)).toEqual(["accept"]);
  });

  it("gives an acceptance up at acceptBy when there is no gas, and says why", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    let nowMs = Date.now();
    const node = live(chain, { now: () => nowMs });
    chain.submit = () => Promise.reject(new ZpuError("INSUFFICIENT_FUNDS", { account: PROVIDER, balance: "0", needed: "gas" }));
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(node.journal.job(jobId)?.state).toBe("accepting");
    nowMs = spec.acceptBy * 1000;
    expect(await reaches(node.journal, jobId, ["expired"])).toBe("expired");
    expect(node.journal.job(jobId)?.facts.error?.code).toBe("INSUFFICIENT_FUNDS");
  });

  /** A chain on which `refused` is mined and refused by the contract, as when another transaction came first. */
  const reverting = (chain: ReturnType<typeof scriptedChain>, refused: (key: string) => boolean): string[] => {
    const { submit } = chain;
    const keys: string[] = [];
    chain.submit = async (key, intent) => {
      keys.push(key);
      if (!refused(key)) return submit(key, intent);
      const outcome: TxOutcome = { hash: POST_TX, status: "reverted", block: 9, atMs: Date.now(), reason: "OutOfGas" };
      chain.outcomes.set(key, outcome);
      return outcome;
    };
    return keys;
  };

  it("settles under a new key where the last one was mined and refused, while the chain says proven", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const keys = reverting(chain, (key) => key === `settle:${jobId}` || key === `settle:${jobId}:2`);
    const first = live(chain);
    offer(first, spec);
    chain.state = "posted";
    await first.runner.posted(jobId, POST_TX);
    expect(await reaches(first.journal, jobId, ["paid"])).toBe("paid");
    expect(keys.filter((key) => key.startsWith("settle"))).toEqual([`settle:${jobId}`, `settle:${jobId}:2`, `settle:${jobId}:3`]);
    expect(chain.mined.map(({ intent }) => intent.type)).toEqual(["accept", "prove", "settle"]);
  });

  it("proves again under a new key where the chain took the verification back, also after a restart", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    let takenBack = false;
    chain.refuse = (intent) => {
      if (intent.type !== "settle" || takenBack) return undefined;
      takenBack = true;
      chain.state = "accepted";
      return "JobStateWrong(state=accepted)";
    };
    let dead = false;
    const node = live(chain, {}, (journal) => ({
      ...journal,
      step(...args) {
        // Killed when it has gone back and sent the proof again.
        dead ||= args[1] === "verified" && takenBack;
        if (dead) throw new Killed();
        return journal.step(...args);
      },
    }));
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    await expect.poll(() => chain.mined.length).toBe(3);
    expect(node.journal.job(jobId)?.state).toBe("submitting");
    await node.close();
    const second = live(chain);
    second.runner.resume();
    expect(await reaches(second.journal, jobId, ["paid"])).toBe("paid");
    expect(chain.mined.map(({ key }) => key)).toEqual([`accept:${jobId}`, `prove:${jobId}`, `prove:${jobId}:2`, `settle:${jobId}`]);
    expect(states(second.journal, jobId)).toEqual([...PAID_WAY.slice(0, -1), "submitting", "verified", "settling", "paid"]);
  });

  it.each<[ChainJobState, boolean, JobState, string | undefined]>([
    ["expired", false, "expired", "JOB_EXPIRED"],
    ["refunded", false, "expired", "JOB_EXPIRED"],
    ["accepted", true, "expired", "JOB_EXPIRED"],
    ["none", true, "expired", "JOB_EXPIRED"],
    ["none", false, "settling", undefined],
    ["proven", true, "settling", undefined],
  ])("a job that cannot be settled because the chain says %s (past the deadline: %s) is %s", async (onChain, late, state, code) => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    let nowMs = Date.now();
    let refused = 0;
    chain.refuse = (intent) => {
      if (refused > 0 && intent.type === "prove") return "DeadlinePassed";
      if (intent.type !== "settle") return undefined;
      refused += 1;
      chain.state = onChain;
      if (late) nowMs = spec.deadline * 1000;
      return "NotSettled";
    };
    const node = live(chain, { now: () => nowMs });
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    if (state === "settling") await expect.poll(() => refused).toBeGreaterThan(2);
    expect(await reaches(node.journal, jobId, [state])).toBe(state);
    expect(node.journal.job(jobId)?.facts.error?.code).toBe(code);
  });

  it("goes on settling past the deadline without gas: what is verified is paid", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    const { submit } = chain;
    let nowMs = Date.now();
    let tries = 0;
    chain.submit = (key, intent) => {
      if (intent.type !== "settle" || tries >= 3) return submit(key, intent);
      tries += 1;
      nowMs = spec.deadline * 1000 + 1;
      return Promise.reject(new ZpuError("INSUFFICIENT_FUNDS", { account: PROVIDER, balance: "0", needed: "gas" }));
    };
    const node = live(chain, { now: () => nowMs });
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["paid", "expired"])).toBe("paid");
    expect(tries).toBe(3);
  });

  it("ends a job at its deadline while its proof is still being made, and frees its place", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    let nowMs = Date.now();
    const prove = (): Promise<never> => {
      nowMs = spec.deadline * 1000 - 50;
      return new Promise(() => undefined);
    };
    const node = live(chain, { prove, now: () => nowMs });
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["expired", "failed"])).toBe("expired");
    expect(states(node.journal, jobId)).toEqual(["offered", "accepting", "accepted", "executed", "expired"]);
    expect(node.journal.job(jobId)?.facts.error?.code).toBe("JOB_EXPIRED");
    expect(node.journal.workingCount()).toBe(0);
  });

  it("does not fail a job past its deadline for a process that died: it is expired", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    let nowMs = Date.now();
    const prove = (): Promise<never> => {
      nowMs = spec.deadline * 1000;
      return Promise.reject(new ZpuError("PROVER_DIED"));
    };
    const node = live(chain, { prove, now: () => nowMs, maxAttempts: 1 });
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["expired", "failed"])).toBe("expired");
    expect(node.journal.job(jobId)?.facts.error?.code).toBe("JOB_EXPIRED");
  });

  it("lets a posted offer wait for a place, and takes it once there is one", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    let places = 0;
    const node = live(chain, { hasPlace: () => places > 0 });
    offer(node, spec);
    chain.state = "posted";
    node.runner.resume();
    await node.runner.posted(jobId, POST_TX);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(node.journal.job(jobId)?.state).toBe("offered");
    expect(node.journal.offerCount()).toBe(0);
    places = 1;
    expect(await reaches(node.journal, jobId, ["paid"])).toBe("paid");
  });

  it("forgets the oldest of many offers that ended unposted, with their inputs, and no job that was posted", async () => {
    const past = { ...makeSpec(), acceptBy: Math.floor(Date.now() / 1000) - 1 };
    const chain = scriptedChain(past, deriveJobId(REQUESTOR, 1n, past));
    const states: Record<string, ChainJobState> = {};
    const { job } = chain;
    chain.job = async (asked) => ({ ...(await job(deriveJobId(REQUESTOR, 1n, past))), state: states[asked] ?? "none" });
    const node = live(chain);
    const insert = (nonce: bigint): JobId => {
      const jobId = deriveJobId(REQUESTOR, nonce, past);
      const own = Uint8Array.from({ length: 784 }, (_, index) => (index === 0 ? Number(nonce) : 0));
      node.journal.insert(jobId, Number(nonce), {
        requestor: REQUESTOR, nonce, spec: past, modelName: "digits-mlp", replyKey: bytes32.parse(`0x${"66".repeat(32)}`),
        inputBlob: node.blobs.put(own), inputSalt: 7n, stagesMs: {},
      }); // prettier-ignore
      return jobId;
    };
    const posted = insert(1n);
    states[posted] = "posted";
    const offers = Array.from({ length: KEPT_OFFERS + 5 }, (_, index) => insert(BigInt(index + 2)));
    node.runner.resume();
    await expect.poll(() => node.journal.open().length).toBe(0);
    expect(node.journal.job(posted)?.state).toBe("expired");
    expect(offers.map((jobId) => node.journal.job(jobId)?.state)).toEqual([
      ...Array.from({ length: 5 }, () => undefined),
      ...Array.from({ length: KEPT_OFFERS }, () => "expired"),
    ]);
    expect(readdirSync(join(folder, "blobs"))).toHaveLength(KEPT_OFFERS + 1);
  });

  it("is not held up by one who hears of its steps and throws", async () => {
    const spec = makeSpec();
    const jobId = deriveJobId(REQUESTOR, 1n, spec);
    const chain = scriptedChain(spec, jobId);
    const logs: string[] = [];
    const node = live(chain, { log: (level, message) => void logs.push(`${level} ${message}`) });
    const heard: JobState[] = [];
    node.runner.steps.on(() => {
      throw new Error("a screen broke");
    });
    node.runner.steps.on(({ state }) => heard.push(state));
    offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["paid", "failed"])).toBe("paid");
    expect(heard).toEqual(PAID_WAY.slice(1));
    expect(logs.filter((line) => line.startsWith("error") && line.includes("a screen broke"))).toHaveLength(heard.length);
  });

  it("makes a proof once, however often the receipt has to wait", async () => {
    const spec = makeSpec();
    const chain = scriptedChain(spec, deriveJobId(REQUESTOR, 1n, spec));
    let proofs = 0;
    let refusals = 4;
    const node = live(chain, {
      prove: (_model, { input, output, inputSalt, outputSalt, context }) => {
        proofs += 1;
        return Promise.resolve({
          proof: { a: [1n, 2n], b: [[1n, 2n], [3n, 4n]], c: [5n, 6n] }, // prettier-ignore
          publicSignals: [commitInput(input, inputSalt), commitOutput(output, outputSalt), context] as const,
          ms: { witness: 1, prove: 2, verify: 3 },
        });
      },
      signReceipt: () => (refusals-- > 0 ? Promise.reject(new ZpuError("CHAIN_UNREACHABLE", { rpc: "test" })) : Promise.resolve("0xaa")),
    });
    const jobId = offer(node, spec);
    chain.state = "posted";
    await node.runner.posted(jobId, POST_TX);
    expect(await reaches(node.journal, jobId, ["paid"])).toBe("paid");
    expect(proofs).toBe(1);
  });
});
