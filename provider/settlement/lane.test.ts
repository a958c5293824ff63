/** The nonce queue on a scripted chain: frozen and restarted at every step, out-paid, overtaken, refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { connect } from "@zpu/ipc/rpc/connect";
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { signer as signerContract, type Intent, type NodeIdentity } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import { address, jobId as jobIdSchema, txHash, type Address, type TxHash } from "@zpu/protocol/ids";
import { Transaction } from "ethers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeKeyPath } from "../wallet/key-file.ts";
import { createKeyFiles } from "../wallet/keys.ts";
import { MAX_FEE_PER_GAS_CEILING_WEI } from "../wallet/intents.ts";
import { serveSigner } from "../wallet/signer.ts";
import type { BroadcastAnswer, ChainPort } from "./chain-port.ts";
import { bumpedFees, type TransactionSigner } from "./lane.ts";
import { createSettlement, type ChainSettlement } from "./settlement.ts";

const GWEI = 10n ** 9n;
const contracts = {
  chainId: 5_918_805n,
  ...(Object.fromEntries(
    ["token", "registry", "jobs", "verifier", "treasury"].map((name, index) => [name, address.parse(`0x${String(index + 1).repeat(40)}`)]),
  ) as Record<"token" | "registry" | "jobs" | "verifier" | "treasury", Address>),
};
const job = (digit: string) => jobIdSchema.parse(`0x${digit.repeat(64)}`);
const accept = (digit: string): Intent => ({ type: "accept", jobId: job(digit) });
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A chain of which the test decides everything. It keeps every signed transaction that reached it. */
function scriptedChain() {
  const state = {
    block: 1,
    autoMine: true,
    reachable: true,
    fault: undefined as ZpuError | undefined,
    baseFeeWei: GWEI,
    balanceWei: 10n ** 18n,
    failing: false,
    /** Answers the next broadcasts instead of taking them. */
    answers: [] as BroadcastAnswer[],
    delivered: [] as { raw: string; from: Address; nonce: number; maxFeePerGasWei: bigint; maxPriorityFeePerGasWei: bigint; hash: TxHash }[],
    mined: new Map<TxHash, number>(),
    foreign: new Map<Address, number>(),
    checks: [] as Parameters<ChainPort["onVerify"]>[0][],
  };
  const listeners = new Set<() => void>();
  const minedOf = (account: Address): number =>
    state.delivered.filter(
      (tx, index) => tx.from === account && state.mined.has(tx.hash) && state.delivered.findIndex((other) => other.hash === tx.hash) === index,
    ).length + (state.foreign.get(account) ?? 0);
  const mine = (): void => {
    state.block += 1;
    for (const tx of state.delivered.toReversed())
      if (!state.mined.has(tx.hash) && minedOf(tx.from) === tx.nonce) state.mined.set(tx.hash, state.block);
    for (const listener of listeners) listener();
  };
  const reach = (): void => {
    if (!state.reachable) throw new ZpuError("CHAIN_UNREACHABLE", { rpc: "scripted" });
  };
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this script"));
  const port: ChainPort & { start(): Promise<void>; stop(): void } = {
    rpcUrl: "scripted",
    head: () => ({ block: state.block, reachable: state.reachable }),
    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fault: () => state.fault,
    onVerify: (check) => void state.checks.push(check),
    start: () => Promise.resolve(),
    stop: () => undefined,
    node: unused, job: unused, claimableWei: unused, tokenBalanceWei: unused, allowanceWei: unused,
    gasBalanceWei: () => Promise.resolve(state.balanceWei),
    async simulate() {
      reach();
      if (state.failing) throw new ZpuError("TRANSACTION_REVERTED", { reason: "AcceptTooLate(acceptBy=1)" });
      return Promise.resolve(100_000n);
    },
    reasonAt: () => Promise.resolve("AcceptTooLate(acceptBy=1)"),
    fees: () => Promise.resolve({ maxFeePerGasWei: 2n * state.baseFeeWei + GWEI, maxPriorityFeePerGasWei: GWEI }),
    async nonces(account) {
      reach();
      const latest = minedOf(account);
      const waiting = new Set(state.delivered.filter((tx) => tx.from === account && tx.nonce >= latest).map((tx) => tx.nonce));
      return Promise.resolve({ latest, pending: latest + waiting.size });
    },
    async broadcast(raw) {
      reach();
      const answer = state.answers.shift();
      if (answer) return answer;
      const tx = Transaction.from(raw);
      const hash = txHash.parse(tx.hash);
      const from = address.parse(tx.from?.toLowerCase());
      const known = state.delivered.some((other) => other.hash === hash);
      state.delivered.push({ raw, from, nonce: tx.nonce, hash, maxFeePerGasWei: tx.maxFeePerGas ?? 0n, maxPriorityFeePerGasWei: tx.maxPriorityFeePerGas ?? 0n });
      if (known) return { kind: "known" };
      if (state.autoMine) mine();
      return Promise.resolve({ kind: "accepted" });
    },
    async receipt(hash) {
      reach();
      const block = state.mined.get(hash);
      return Promise.resolve(block === undefined ? undefined : { hash, ok: !state.failing, block, blockHash: hash, gasUsed: 50_000n, events: [] });
    },
    knows: (hash) => Promise.resolve(state.delivered.some((tx) => tx.hash === hash)),
    payments: () => Promise.resolve([]),
  }; // prettier-ignore
  return { state, mine, port };
}

let dir = "";
let identity: NodeIdentity;
let realSigner: TransactionSigner;
let stopSigner: () => void;
let running: ChainSettlement[] = [];
let logs: string[] = [];
let chain: ReturnType<typeof scriptedChain>;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "zpu-lane-"));
  identity = createKeyFiles(dir);
  const [core, process] = pipePair();
  stopSigner = serveSigner(process);
  const client = connect(signerContract, core);
  await client.unlock({ keyFile: nodeKeyPath(dir), protectionFile: join(dir, "signer.sqlite"), contracts });
  realSigner = client;
  chain = scriptedChain();
});
afterEach(async () => {
  await Promise.all(running.map((settlement) => settlement.stop()));
  running = [];
  logs = [];
  stopSigner();
  rmSync(dir, { recursive: true, force: true });
});

/** A process: its own handle on the database, its own loops. `frozen` ones are abandoned in the middle, as by kill -9. */
function start(
  parts: { chain?: Partial<ChainPort>; signer?: TransactionSigner; frozen?: boolean; bumpMs?: number; now?: () => number } = {},
): ChainSettlement {
  const db = new DatabaseSync(join(dir, "core.sqlite"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  const settlement = createSettlement({
    db,
    chain: { ...chain.port, ...parts.chain },
    signer: parts.signer ?? realSigner,
    roles: identity,
    log: (_level, message, facts) => void logs.push(`${message} ${JSON.stringify(facts ?? {})}`),
    now: parts.now ?? Date.now,
    times: { pollMs: 5, rebroadcastMs: 20, ...(parts.bumpMs === undefined ? {} : { bumpMs: parts.bumpMs }) },
  });
  void settlement.start();
  if (parts.frozen !== true) running.push(settlement);
  return settlement;
}
const until = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
const distinct = (): string[] => [...new Set(chain.state.delivered.map(({ raw }) => raw))];

/** Every step at which a process can be killed, and how it is frozen there. `reached` turns true on the way. */
const CRASHES: Record<string, (reached: () => void) => Parameters<typeof start>[0]> = {
  "the intent is stored": (reached) => ({ chain: { simulate: () => (reached(), never()) } }),
  "the nonce is reserved": (reached) => ({ signer: { signTransaction: () => (reached(), never()) } }),
  "it is signed, before the bytes are stored": (reached) => ({
    signer: { signTransaction: async (input) => (await realSigner.signTransaction(input), reached(), never()) },
  }),
  "the bytes are stored, before they are broadcast": (reached) => ({ chain: { broadcast: () => (reached(), never()) } }),
  "it is broadcast, before the answer came": (reached) => ({
    chain: { broadcast: async (raw) => (await chain.port.broadcast(raw), reached(), never()) },
  }),
  "it is mined, before that was recorded": (reached) => ({ chain: { receipt: () => (reached(), never()) } }),
};

describe("a key is sent exactly once", () => {
  for (const [step, freeze] of Object.entries(CRASHES)) {
    for (const autoMine of [true, false]) {
      it(`killed when ${step} (${autoMine ? "mined at once" : "mined later"})`, async () => {
        chain.state.autoMine = autoMine;
        let frozen = false;
        void start({ ...freeze(() => (frozen = true)), frozen: true }).submit("accept:1", accept("1"));
        await until(() => frozen);
        const before = distinct();
        const again = start();
        const outcome = again.submit("accept:1", accept("1"));
        if (!autoMine) {
          await until(() => chain.state.delivered.length > before.length);
          chain.mine();
        }
        expect(await outcome).toMatchObject({ status: "confirmed" });
        expect(distinct()).toHaveLength(1);
        if (before.length > 0) expect(distinct()).toEqual(before);
        expect(chain.state.delivered[0]?.nonce).toBe(0);
        chain.state.autoMine = true;
        expect(await again.submit("accept:2", accept("2"))).toMatchObject({ status: "confirmed" });
        expect(chain.state.delivered.at(-1)?.nonce).toBe(1);
      });
    }
  }

  it("without being asked again after the restart", async () => {
    void start({ chain: { broadcast: never }, frozen: true }).submit("accept:1", accept("1"));
    const db = new DatabaseSync(join(dir, "core.sqlite"));
    await until(() => db.prepare("SELECT state FROM tx").get()?.state === "signed");
    const stored = db.prepare("SELECT raw, hash FROM tx").get();
    db.close();
    const settlement = start();
    await until(() => settlement.sent("accept:1")?.outcome !== undefined);
    expect(distinct()).toEqual([stored?.raw]);
    expect(settlement.sent("accept:1")?.hash).toBe(stored?.hash);
  });

  it("and what was reserved before the crash goes before what came later", async () => {
    let frozen = false;
    const signer: TransactionSigner = { signTransaction: () => ((frozen = true), never()) };
    const killed = start({ signer, frozen: true });
    void killed.submit("accept:1", accept("1"));
    void killed.submit("accept:2", accept("2"));
    await until(() => frozen);
    const settlement = start();
    await Promise.all([
      settlement.submit("accept:3", accept("3")),
      settlement.submit("accept:2", accept("2")),
      settlement.submit("accept:1", accept("1")),
    ]);
    const data = chain.state.delivered.map(({ raw, nonce }) => [nonce, Transaction.from(raw).data.at(-1)]);
    expect(data).toEqual([[0, "1"], [1, "2"], [2, "3"]]); // prettier-ignore
  });

  it("with a nonce of its own, even where the chain forgot what is under way", async () => {
    chain.state.autoMine = false;
    const settlement = start({ chain: { nonces: () => Promise.resolve({ latest: 0, pending: 0 }), knows: () => Promise.resolve(true) } });
    void settlement.submit("accept:1", accept("1"));
    await until(() => chain.state.delivered.length === 1);
    void settlement.submit("accept:2", accept("2"));
    await until(() => chain.state.delivered.length === 2);
    expect(chain.state.delivered.map(({ nonce }) => nonce)).toEqual([0, 1]);
  });

  it("also when many ask at once, for both accounts", async () => {
    const settlement = start();
    const keys = [..."123456789abcdef"];
    const all = await Promise.all([
      ...keys.flatMap((key) => [settlement.submit(key, accept(key)), settlement.submit(key, accept(key))]),
      settlement.submit("approve", { type: "approve", amountWei: 1n }),
    ]);
    expect(all.every(({ status }) => status === "confirmed")).toBe(true);
    expect(chain.state.delivered.filter(({ from }) => from === identity.operator).map(({ nonce }) => nonce)).toEqual(keys.map((_, index) => index));
    expect(chain.state.delivered.filter(({ from }) => from === identity.owner).map(({ nonce }) => nonce)).toEqual([0]);
    await expect(settlement.submit("approve", accept("1"))).rejects.toMatchObject({ code: "INTERNAL" });
  });
});

describe("what is refused costs no nonce", () => {
  it("by the simulation; the key may be tried again", async () => {
    const settlement = start();
    chain.state.failing = true;
    await expect(settlement.submit("accept:1", accept("1"))).rejects.toMatchObject({ code: "TRANSACTION_REVERTED" });
    expect(settlement.sent("accept:1")).toBeUndefined();
    chain.state.failing = false;
    await settlement.submit("accept:2", accept("2"));
    await settlement.submit("accept:1", accept("1"));
    expect(chain.state.delivered.map(({ nonce }) => nonce)).toEqual([0, 1]);
  });

  it("for lack of gas money, and by the signer", async () => {
    chain.state.balanceWei = 5n;
    const settlement = start();
    await expect(settlement.submit("accept:1", accept("1"))).rejects.toMatchObject({
      code: "INSUFFICIENT_FUNDS",
      facts: { account: identity.operator },
    });
    chain.state.balanceWei = 10n ** 18n;
    const foreign: Intent = { type: "register", operator: contracts.jobs, payout: identity.payout, peerKey: identity.peerKey, stakeWei: 1n };
    await expect(settlement.submit("register", foreign)).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    await settlement.submit("approve", { type: "approve", amountWei: 1n });
    expect(chain.state.delivered.map(({ nonce }) => nonce)).toEqual([0]);
  });

  it("on a chain that is not the right one", async () => {
    chain.state.fault = new ZpuError("CHAIN_MISMATCH", { rpc: "scripted", actual: "1", expected: "2" });
    await expect(start().submit("accept:1", accept("1"))).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(chain.state.delivered).toHaveLength(0);
  });

  it("and a refusal on the chain itself ends the key with its reason", async () => {
    const settlement = start({ chain: { simulate: () => Promise.resolve(100_000n) } });
    chain.state.failing = true;
    const outcome = await settlement.submit("accept:1", accept("1"));
    expect(outcome).toMatchObject({ status: "reverted", reason: "AcceptTooLate(acceptBy=1)" });
    expect(await settlement.submit("accept:1", accept("1"))).toEqual(outcome);
  });
});

describe("a transaction that is not mined", () => {
  it("gets both fees raised by 12.5 % after three blocks, with the same nonce, and whichever version is mined counts", async () => {
    chain.state.autoMine = false;
    const settlement = start();
    const outcome = settlement.submit("accept:1", accept("1"));
    await until(() => chain.state.delivered.length === 1);
    chain.state.block += 3;
    await until(() => distinct().length === 2);
    const [first, second] = chain.state.delivered;
    if (!first || !second) throw new Error("two versions were expected");
    expect(second.nonce).toBe(first.nonce);
    expect(second.maxFeePerGasWei * 1000n).toBeGreaterThanOrEqual(first.maxFeePerGasWei * 1125n);
    expect(second.maxPriorityFeePerGasWei * 1000n).toBeGreaterThanOrEqual(first.maxPriorityFeePerGasWei * 1125n);
    chain.state.mined.set(first.hash, chain.state.block);
    expect(await outcome).toMatchObject({ hash: first.hash, status: "confirmed" });
    expect(settlement.sent("accept:1")?.hash).toBe(first.hash);
  });

  it("gets them raised after the time, too, and never above the ceiling", async () => {
    chain.state.autoMine = false;
    chain.state.baseFeeWei = 150n * GWEI;
    const settlement = start({ bumpMs: 10 });
    void settlement.submit("accept:1", accept("1"));
    await until(() => distinct().length >= 5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(logs.filter((line) => line.startsWith("fees are at the ceiling"))).toHaveLength(1);
    expect(logs.filter((line) => line.startsWith("settlement waits"))).toEqual([]);
    expect(chain.state.delivered.every(({ maxFeePerGasWei, nonce }) => maxFeePerGasWei <= MAX_FEE_PER_GAS_CEILING_WEI && nonce === 0)).toBe(true);
    expect(distinct()).toHaveLength(5);
  });

  it("is offered more at once where the chain finds it underpriced, and again where the chain forgot it", async () => {
    chain.state.autoMine = false;
    chain.state.answers = [{ kind: "underpriced" }];
    const settlement = start();
    const outcome = settlement.submit("accept:1", accept("1"));
    await until(() => chain.state.delivered.length === 1);
    const [sent] = chain.state.delivered;
    chain.state.delivered = [];
    await until(() => chain.state.delivered.length > 0);
    expect(chain.state.delivered[0]?.raw).toBe(sent?.raw);
    chain.mine();
    expect(await outcome).toMatchObject({ status: "confirmed" });
  });

  it("is never given up once it is signed, not even where the signer refuses to raise its fees", async () => {
    chain.state.answers = [{ kind: "underpriced" }];
    let calls = 0;
    const signer: TransactionSigner = {
      signTransaction: (input) =>
        (calls += 1) === 1 ? realSigner.signTransaction(input) : Promise.reject(new ZpuError("SIGNATURE_REFUSED", { detail: "ceiling" })),
    };
    expect(await start({ signer }).submit("accept:1", accept("1"))).toMatchObject({ status: "confirmed" });
    expect([calls, distinct().length]).toEqual([2, 1]);
  });

  it("is given up only where its nonce was used elsewhere, and then may be sent anew", async () => {
    chain.state.autoMine = false;
    const settlement = start();
    const outcome = settlement.submit("accept:1", accept("1"));
    await until(() => chain.state.delivered.length === 1);
    chain.state.foreign.set(identity.operator, 1);
    await expect(outcome).rejects.toMatchObject({ code: "TRANSACTION_REVERTED", facts: { reason: expect.stringContaining("nonce 0") as string } });
    chain.state.autoMine = true;
    chain.state.delivered = [];
    expect(await settlement.submit("accept:1", accept("1"))).toMatchObject({ status: "confirmed" });
    expect(chain.state.delivered.map(({ nonce }) => nonce)).toEqual([1]);
  });

  it("waits for a chain that is away, for the signer to come back, and for a node that is overloaded", async () => {
    chain.state.reachable = false;
    let signerDown = true;
    const signer: TransactionSigner = {
      signTransaction: (input) => (signerDown ? Promise.reject(new ZpuError("SIGNER_DIED")) : realSigner.signTransaction(input)),
    };
    const settlement = start({ signer });
    const outcome = settlement.submit("accept:1", accept("1"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    chain.state.answers = [{ kind: "other", detail: "too many requests" }];
    chain.state.reachable = true;
    chain.mine();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(settlement.sent("accept:1")).toBeUndefined();
    signerDown = false;
    expect(await outcome).toMatchObject({ status: "confirmed" });
    expect(distinct()).toHaveLength(1);
  });
});

describe("money rules of the queue", () => {
  it("raises both fees, at least to the market", () => {
    expect(bumpedFees({ maxFeePerGasWei: 1000n, maxPriorityFeePerGasWei: 8n }, { maxFeePerGasWei: 5n, maxPriorityFeePerGasWei: 100n })).toEqual({
      maxFeePerGasWei: 1126n,
      maxPriorityFeePerGasWei: 100n,
    });
  });

  it("knows a chain that lost its transactions", async () => {
    await start().submit("accept:1", accept("1"));
    start();
    const check = chain.state.checks.at(-1);
    await expect(check?.({ nonces: () => Promise.resolve({ latest: 1, pending: 1 }) })).resolves.toBeUndefined();
    await expect(check?.({ nonces: () => Promise.resolve({ latest: 0, pending: 0 }) })).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
  });

  it("says DISK_FULL and keeps what it had", async () => {
    const db = new DatabaseSync(join(dir, "small.sqlite"));
    const settlement = createSettlement({ db, chain: chain.port, signer: realSigner, roles: identity, log: () => undefined, now: Date.now });
    const { page_count: pages } = db.prepare("PRAGMA page_count").get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages}`);
    const refused: unknown[] = [];
    for (let n = 0; n < 60 && refused.length === 0; n += 1) {
      await Promise.race([settlement.submit(`key:${n}`, accept("1")).catch((error: unknown) => refused.push(error)), Promise.resolve()]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refused[0]).toMatchObject({ code: "DISK_FULL" });
    db.exec("PRAGMA max_page_count = 1000");
    await settlement.start();
    running.push(settlement);
    expect(await settlement.submit("key:0", accept("1"))).toMatchObject({ status: "confirmed" });
  });
});
