/** The whole way, with real processes: a job is submitted, run, proven, verified on the chain, paid and claimed; then nothing is left running. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { jobOnChain, tokenBalance } from "@zpu/devnet/chain-evidence";
import { ROOT } from "@zpu/devnet/child";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { loadDataSet } from "@zpu/circuits/data-set";
import { discoveryDocument, evidence } from "@zpu/protocol/discovery";
import { ZPUClient } from "@zpu/sdk/client";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive, openRig, whenJob, type Rig } from "./rig.ts";

/** JSON-RPC over HTTP, as any program would. */
const rpc = (url: string): { request(call: { method: string; params?: readonly unknown[] }): Promise<unknown> } => ({
  async request({ method, params = [] }) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const body = z.object({ result: z.unknown(), error: z.object({ message: z.string() }).optional() }).parse(await answer.json());
    if (body.error !== undefined) throw new Error(body.error.message);
    return body.result;
  },
});

describe("the first paid job", () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()), 90_000);
  afterAll(() => rig.close());

  it("goes from a stranger's digit to money in the payout account", { timeout: 90_000 }, async () => {
    const document = discoveryDocument.parse(await (await fetch(`${rig.devnet.url}/.well-known/zpu.json`)).json());
    const chain = rpc(document.rpcUrl);
    const status = await whenSlice(rig.provider.operator.node.status, (value) => value.accepting, 10_000);
    const before = await tokenBalance(chain, document.contracts.token, status.payout);

    const digit = loadDataSet().heldOut[0];
    if (digit === undefined) throw new Error("no digit");
    const client = new ZPUClient(rig.devnet.url);
    try {
      const { jobId, proofUrl } = await client.submitJob({ model: "digits-mlp", input: { pixels: digit.pixels }, maxBudget: 2500 });
      const result = await client.result(jobId);
      expect(result.logits).toHaveLength(10);
      expect(result.digit).toBe(result.logits.indexOf(Math.max(...result.logits)));

      const view = await whenJob(rig, jobId, (job) => job.state === "paid");
      expect(view.digit).toBe(result.digit);
      expect(view.pixels).toEqual(digit.pixels);
      expect(view.events.map((event) => event.state)).toEqual([
        "offered",
        "accepting",
        "accepted",
        "executed",
        "proven",
        "submitting",
        "verified",
        "settling",
        "paid",
      ]);
      for (const stage of ["run", "witness", "prove", "verify", "settle"] as const) expect(view.stagesMs[stage], stage).toBeGreaterThan(0);

      const onChain = await jobOnChain(chain, document.contracts.jobs, jobId);
      expect(onChain.proven?.provider).toBe(rig.provider.provider);
      expect(onChain.settled).toMatchObject({ payout: status.payout, priceWei: 2n * 10n ** 18n });
      expect(await client.verify(jobId)).toMatchObject({ verified: true, onChainVerified: true });

      const proof = evidence.parse(await (await fetch(proofUrl)).json());
      expect(proof.kind).toBe("zk");
      expect(proof.zk?.onChainVerified).toBe(true);
      expect(proof.transactions.proven?.hash).toBe(onChain.proven?.tx);

      const claimed = await rig.provider.operator.earnings.claim({});
      expect(claimed.amountWei).toBe(2n * 10n ** 18n);
      expect((await tokenBalance(chain, document.contracts.token, status.payout)) - before).toBe(2n * 10n ** 18n);
      await expect(rig.provider.operator.earnings.claim({})).rejects.toMatchObject({ code: "NOTHING_TO_CLAIM" });
    } finally {
      await client.close();
    }
  });

  it("is remembered, with the money, over a restart of both", { timeout: 90_000 }, async () => {
    const paid = await whenSlice(rig.provider.operator.jobs.list, (jobs) => jobs.length > 0, 10_000);
    await rig.killProvider();
    await rig.killDevnet();
    await rig.restartDevnet();
    await rig.restartProvider();
    const again = await whenSlice(rig.provider.operator.jobs.list, (jobs) => jobs.length > 0, 10_000);
    expect(again.map(({ jobId, state }) => ({ jobId, state }))).toEqual(paid.map(({ jobId, state }) => ({ jobId, state })));
    const earnings = await whenSlice(rig.provider.operator.earnings.summary, (summary) => summary.balanceWei > 0n, 10_000);
    expect(earnings).toMatchObject({ claimedWei: 2n * 10n ** 18n, claimableWei: 0n, balanceWei: 2n * 10n ** 18n });
  });
});

/** Processes whose command line names `word`. */
function processesWith(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word) && alive(pid);
      } catch {
        return false;
      }
    });
}

const launcher = (args: readonly string[]) =>
  spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "devnet", "start.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });

describe("the launcher", () => {
  it("sends three jobs and prints one object whose sums agree", { timeout: 120_000 }, async () => {
    const child = launcher(["--headless", "--jobs", "3", "--json"]);
    let text = "";
    let progress = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (progress += chunk.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code, progress).toBe(0);
    const amount = z.string().regex(/^\d+$/).transform(BigInt);
    const digit = z.number().int().min(0).max(9);
    const report = z
      .strictObject({
        jobs: z
          .array(
            z.strictObject({
              jobId: z.string(),
              output: digit,
              expected: digit,
              proofVerifiedOnChain: z.literal(true),
              provider: z.string(),
              paidWei: amount,
            }),
          )
          .length(3),
        claimedWei: amount,
        balanceDeltaWei: amount,
        firstPaidMs: z.number().positive(),
      })
      .parse(JSON.parse(text));
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(new Set(report.jobs.map((job) => job.jobId)).size).toBe(3);
    expect(report.claimedWei).toBe(6n * 10n ** 18n);
    expect(report.balanceDeltaWei).toBe(report.claimedWei);
    const dir = /devnet in (\S+)/.exec(progress)?.[1] ?? "";
    expect(dir).toContain("zpu-devnet-");
    expect(existsSync(dir)).toBe(false);
    if (process.platform === "linux") expect(processesWith(dir)).toEqual([]);
  });

  it.each([
    ["SIGINT", "while a job runs", /running|proving/],
    ["SIGTERM", "while the provider is being registered", /contracts and gateway at/],
    ["SIGKILL", "once the provider is online", /is online/],
  ] as const)("leaves no process after %s %s", { timeout: 90_000 }, async (signal, _, moment) => {
    const child = launcher(["--headless", "--jobs", "100"]);
    let progress = "";
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(progress)));
      child.stderr.on("data", (chunk: Buffer) => (progress += chunk.toString()));
      child.stdout.on("data", (chunk: Buffer) => {
        progress += chunk.toString();
        if (moment.test(progress)) resolve();
      });
    });
    const dir = /devnet in (\S+)/.exec(progress)?.[1] ?? "";
    expect(processesWith(dir).length).toBeGreaterThan(0);
    child.removeAllListeners("exit");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    const startedMs = performance.now();
    child.kill(signal);
    await gone;
    while (processesWith(dir).length > 0 && performance.now() - startedMs < 3000) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(processesWith(dir)).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(progress).not.toContain("Error:");
    if (signal === "SIGKILL") rmSync(dir, { recursive: true, force: true });
    else expect(existsSync(dir)).toBe(false);
  });

  it.each([["--frob"], ["--json"], ["--port", "x"]])("refuses %s with the usage and exit code 2", async (...args) => {
    const child = launcher(args);
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(2);
    expect(errors).toContain("usage:");
  });
});
