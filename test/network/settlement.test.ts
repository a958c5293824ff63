/** Settlement on a real embedded chain: register, accept, prove, settle, claim; outages, crashes and a chain that was reset. */
import { jobContext } from "@zpu/protocol/job";
import { bytes32, type JobId } from "@zpu/protocol/ids";
import { tokensToWei } from "@zpu/protocol/money";
import { createClaims } from "@zpu/provider/settlement/claims";
import { ensureRegistered } from "@zpu/provider/settlement/registration";
import { encodeText } from "@zpu/ipc/rpc/wire";
import type { ChainSettlement } from "@zpu/provider/settlement/settlement";
import { spawn, type ChildProcess } from "node:child_process";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRig, type Rig } from "./settlement-rig.ts";

const STAKE = tokensToWei(1000);
const OUTPUT = bytes32.parse(`0x${"00".repeat(31)}09`);
let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rig.endAll();
});
afterAll(() => rig.close());

const proofOf = (jobId: JobId, inputCommitment: string) =>
  rig.prove([BigInt(inputCommitment), BigInt(OUTPUT), jobContext(rig.contracts.chainId, rig.contracts.jobs, jobId, rig.identity.owner)]);

describe("settlement on the embedded chain", () => {
  it("registers once, however often it is asked", async () => {
    const { settlement, end } = rig.settlement();
    await settlement.start();
    expect(await settlement.node()).toMatchObject({ registered: false, active: false, stakeWei: 0n, minStakeWei: STAKE });
    await expect(ensureRegistered({ settlement, roles: rig.identity, peerKey: rig.identity.peerKey, stakeWei: 1n })).rejects.toMatchObject({
      code: "STAKE_TOO_LOW",
    });
    const options = { settlement, roles: rig.identity, peerKey: rig.identity.peerKey, stakeWei: STAKE };
    expect(await ensureRegistered(options)).toMatchObject({ change: "registered", stakeWei: STAKE });
    expect(await ensureRegistered(options)).toEqual({ change: "kept", stakeWei: STAKE });
    expect(await settlement.node()).toMatchObject({ registered: true, active: true, operator: rig.identity.operator, payout: rig.identity.payout });
    expect(await ensureRegistered({ ...options, stakeWei: STAKE + 5n })).toMatchObject({ change: "raised", stakeWei: STAKE + 5n });
    const unaffordable = ensureRegistered({ ...options, stakeWei: tokensToWei(1_000_000) });
    await expect(unaffordable).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    await end();
  });

  it("takes a job from posted to paid and claimed, and says it again after a restart", async () => {
    const { jobId, spec } = await rig.requestor.post(rig.identity.owner);
    const first = rig.settlement();
    await first.settlement.start();
    expect(await first.settlement.job(jobId)).toMatchObject({
      state: "posted",
      priceWei: spec.priceWei,
      requestor: rig.requestor.address,
      deadline: spec.deadline,
    });
    const started = performance.now();
    const accepted = await first.settlement.submit(`accept:${jobId}`, { type: "accept", jobId });
    const acceptMs = performance.now() - started;
    const proof = proofOf(jobId, spec.inputCommitment);
    const proven = await first.settlement.submit(`prove:${jobId}`, { type: "prove", jobId, outputCommitment: OUTPUT, proof });
    const settled = await first.settlement.submit(`settle:${jobId}`, { type: "settle", jobId });
    expect([accepted.status, proven.status, settled.status]).toEqual(["confirmed", "confirmed", "confirmed"]);
    expect((await first.settlement.job(jobId)).state).toBe("settled");
    expect(first.settlement.ledger.earning(jobId)).toMatchObject({ amountWei: spec.priceWei, tx: settled.hash });
    const claims = createClaims({ settlement: first.settlement, roles: rig.identity });
    const [claim, same] = await Promise.all([claims.claim(), claims.claim()]);
    expect(claim).toEqual(same);
    expect(claim.amountWei).toBe(spec.priceWei);
    await expect(claims.claim()).rejects.toMatchObject({ code: "NOTHING_TO_CLAIM" });
    const summary = await first.settlement.ledger.summary(0n);
    expect(summary).toMatchObject({ claimableWei: 0n, claimedWei: spec.priceWei, balanceWei: spec.priceWei });
    await first.end();

    const second = rig.settlement();
    await second.settlement.start();
    expect(await second.settlement.submit(`accept:${jobId}`, { type: "accept", jobId })).toEqual(accepted);
    expect(second.settlement.sent(`settle:${jobId}`)).toEqual({ hash: settled.hash, outcome: settled });
    expect(await second.settlement.ledger.summary(0n)).toEqual(summary);
    await second.end();
    expect(acceptMs).toBeLessThan(5000);
  });

  it("names the contract's reason and leaves no nonce gap where the simulation refuses", async () => {
    const { settlement, db, end } = rig.settlement();
    await settlement.start();
    const { jobId, spec } = await rig.requestor.post(rig.identity.owner);
    const early = settlement.submit(`prove:${jobId}`, {
      type: "prove",
      jobId,
      outputCommitment: OUTPUT,
      proof: proofOf(jobId, spec.inputCommitment),
    });
    await expect(early).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      facts: { error: "JobStateWrong", reason: expect.stringContaining("state=posted") as string },
    });
    expect(settlement.sent(`prove:${jobId}`)).toBeUndefined();
    await settlement.submit(`accept:${jobId}`, { type: "accept", jobId });
    // The key was not used up: nothing had been sent.
    const wrong = settlement.submit(`prove:${jobId}`, { type: "prove", jobId, outputCommitment: OUTPUT, proof: proofOf(jobId, OUTPUT) });
    await expect(wrong).rejects.toMatchObject({ facts: { error: "ProofRefused", meaning: "PROOF_REJECTED" } });
    await settlement.submit(`prove:${jobId}`, { type: "prove", jobId, outputCommitment: OUTPUT, proof: proofOf(jobId, spec.inputCommitment) });
    await settlement.submit(`settle:${jobId}`, { type: "settle", jobId });
    const nonces = db
      .prepare("SELECT nonce FROM tx WHERE role = 'operator' AND nonce IS NOT NULL ORDER BY nonce")
      .all()
      .map((row) => row.nonce);
    expect(nonces).toEqual(nonces.map((_, index) => index));
    await end();
  });

  it("books a payment that somebody else triggered", async () => {
    const { settlement, end } = rig.settlement();
    await settlement.start();
    const { jobId, spec } = await rig.requestor.post(rig.identity.owner);
    await settlement.submit(`accept:${jobId}`, { type: "accept", jobId });
    await settlement.submit(`prove:${jobId}`, { type: "prove", jobId, outputCommitment: OUTPUT, proof: proofOf(jobId, spec.inputCommitment) });
    await rig.requestor.settle(jobId);
    const late = settlement.submit(`settle:${jobId}`, { type: "settle", jobId });
    await expect(late).rejects.toMatchObject({ facts: { error: "JobStateWrong", reason: expect.stringContaining("state=settled") as string } });
    await expect.poll(() => settlement.ledger.earning(jobId)?.amountWei, { timeout: 5000 }).toBe(spec.priceWei);
    await end();
  });

  it("forgets nothing while the chain is away, and finds payments of a lost database", async () => {
    const { jobId } = await rig.requestor.post(rig.identity.owner);
    const { port } = rig.rpc;
    await rig.rpc.close();
    const away = rig.settlement();
    await away.settlement.start();
    expect(away.settlement.head().reachable).toBe(false);
    await expect(away.settlement.node()).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    const accepted = away.settlement.submit(`accept:${jobId}`, { type: "accept", jobId });
    expect(await Promise.race([accepted, new Promise((resolve) => setTimeout(resolve, 600, "waiting"))])).toBe("waiting");
    const { serveRpc } = await import("@zpu/devnet/rpc");
    Object.assign(rig, { rpc: await serveRpc(rig.embedded, { port }) });
    expect(await accepted).toMatchObject({ status: "confirmed" });
    await expect.poll(() => away.settlement.head().reachable, { timeout: 10_000 }).toBe(true);
    const known = away.settlement.ledger.entries();
    await away.end();

    const db = new DatabaseSync(join(rig.dir, "core.sqlite"));
    db.exec("DELETE FROM earning; DELETE FROM claim; DELETE FROM chain_fact WHERE name = 'ledgerBlock'");
    db.close();
    const again = rig.settlement();
    await again.settlement.start();
    await again.settlement.ledger.sync();
    const amounts = (entries: typeof known) => [
      entries.claimedWei,
      entries.earned.map(({ jobId: id, tx }) => [id, tx]),
      entries.claims.map(({ tx }) => tx),
    ];
    expect(amounts(again.settlement.ledger.entries())).toEqual(amounts(known));
    await again.end();
  });

  it("sends each transaction once, however often its process is killed with kill -9", async () => {
    const jobs: JobId[] = [];
    for (let n = 0; n < 12; n += 1) jobs.push((await rig.requestor.post(rig.identity.owner)).jobId);
    const database = join(rig.dir, "core.sqlite");
    const input = encodeText({ ...rig.files, database, rpcUrl: rig.rpc.url, contracts: rig.contracts, jobs });
    const script = fileURLToPath(new URL("settlement-child.ts", import.meta.url));
    /** What the process printed; killed so long after it was ready, where a time is given. */
    const run = async (killAfterMs?: number): Promise<string> => {
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, input], { stdio: ["ignore", "pipe", "inherit"] });
      if (killAfterMs !== undefined) child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), killAfterMs));
      children.add(child);
      const output = await text(child.stdout);
      children.delete(child);
      return output;
    };
    const states = async (settlement: ChainSettlement): Promise<string[]> => Promise.all(jobs.map(async (id) => (await settlement.job(id)).state));
    for (const upToMs of [0, 30, 60, 90, 120]) await run(Math.random() * upToMs);
    const output = (await run()).replace("ready\n", "");
    const outcomes = z.array(z.object({ status: z.literal("confirmed"), hash: z.string() })).parse(JSON.parse(output));
    expect(new Set(outcomes.map(({ hash }) => hash)).size).toBe(jobs.length);
    const { settlement, db, end } = rig.settlement();
    await settlement.start();
    expect(await states(settlement)).toEqual(jobs.map(() => "accepted"));
    const rows = db
      .prepare("SELECT nonce FROM tx WHERE role = 'operator' AND nonce IS NOT NULL ORDER BY nonce")
      .all()
      .map((row) => Number(row.nonce));
    expect(rows).toEqual(rows.map((_, index) => index));
    // The chain's own count agrees: nothing was sent that the database does not know.
    const count = z.string().parse(await rig.embedded.request({ method: "eth_getTransactionCount", params: [rig.identity.operator, "latest"] }));
    expect(Number(count)).toBe(rows.length);
    await end();
  }, 60_000);

  it("refuses a chain that was reset: nothing is signed for it", async () => {
    const other = await openRig(rig);
    expect(other.contracts).toEqual(rig.contracts);
    try {
      const { settlement, end } = rig.settlement(other.rpc.url);
      await expect(settlement.start()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
      await expect(settlement.node()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
      await expect(settlement.submit("claim:99", { type: "claim", account: rig.identity.payout })).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
      await end();
      // The same first block is not enough: the account's history must be there as well.
      const db = new DatabaseSync(join(rig.dir, "core.sqlite"));
      db.exec("DELETE FROM chain_fact WHERE name = 'genesisHash'");
      db.close();
      const blind = rig.settlement(other.rpc.url);
      await expect(blind.settlement.start()).rejects.toMatchObject({
        code: "CHAIN_MISMATCH",
        facts: { actual: expect.stringContaining("reset") as string },
      });
      await blind.end();
    } finally {
      await other.close();
    }
  });
});
