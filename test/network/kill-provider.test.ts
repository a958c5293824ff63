/** kill -9 of the provider at random instants: after a restart no job is lost and none is paid twice. 5 times, 50 with ZPU_SOAK=1. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { JOB_SETTLED } from "@zpu/devnet/chain-evidence";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { discoveryDocument } from "@zpu/protocol/discovery";
import { jobId as jobIdSchema } from "@zpu/protocol/ids";
import { isTerminal } from "@zpu/protocol/job";
import { ZpuError } from "@zpu/protocol/errors";
import { openRig, type Rig } from "./rig.ts";

const KILLS = Number(process.env.ZPU_KILLS ?? (process.env.ZPU_SOAK === "1" ? 50 : 5));
const PRICE_WEI = 2n * 10n ** 18n;

const logs = z.object({ result: z.array(z.object({ topics: z.array(z.string()), transactionHash: z.string() })) });

/** How often each job was settled, by job id, read from the chain's log. */
async function settlements(rig: Rig): Promise<Map<string, number>> {
  const { rpcUrl, contracts } = discoveryDocument.parse(await (await fetch(`${rig.devnet.url}/.well-known/zpu.json`)).json());
  const ask = { jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [{ address: contracts.jobs, fromBlock: "0x0", toBlock: "latest" }] };
  const answer = await fetch(rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(ask) });
  const { result } = logs.parse(await answer.json());
  const found = new Map<string, number>();
  for (const log of result) if (log.topics[0] === JOB_SETTLED) found.set(log.topics[1] ?? "", (found.get(log.topics[1] ?? "") ?? 0) + 1);
  return found;
}

/** Refusals after which nothing was posted. */
const NOT_TAKEN: readonly string[] = ["PEER_UNREACHABLE", "NO_PROVIDER", "TIMEOUT", "NETWORK_DIED", "PROVIDER_BUSY", "RATE_LIMITED"];

/** A demonstration job, as soon as the provider is there to take it. */
async function submit(rig: Rig): Promise<string> {
  const until = performance.now() + 45_000;
  for (;;) {
    try {
      return (await rig.devnet.control.demonstrate({})).jobId;
    } catch (error) {
      if (!NOT_TAKEN.includes(ZpuError.wrap(error).code) || performance.now() > until) throw error;
      await sleep(100);
    }
  }
}

describe("kill -9 of the provider", () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()), 90_000);
  afterAll(() => rig.close());

  it(`${KILLS} times at random instants loses no job and pays none twice`, { timeout: 60_000 + KILLS * 45_000 }, async () => {
    const taken: string[] = [];
    const instants: string[] = [];
    // How long a job takes here and now: the knife falls anywhere in that time.
    const first = await submit(rig);
    const startedMs = performance.now();
    await rig.devnet.control.outcome({ jobId: jobIdSchema.parse(first), timeoutMs: 60_000 });
    const jobMs = performance.now() - startedMs;
    taken.push(first);
    for (let round = 0; round < KILLS; round += 1) {
      const early = round % 5 === 4;
      const waitMs = Math.floor(Math.random() * (early ? 400 : jobMs));
      instants.push(`${waitMs} ms after ${early ? "asking" : "posting"}`);
      // Early: the offer is still being answered and the escrow not yet posted; a job that was not taken cannot be lost.
      const asked = early
        ? rig.devnet.control.demonstrate({}).then(
            ({ jobId }) => void taken.push(jobId),
            (error: unknown) => {
              if (!NOT_TAKEN.includes(ZpuError.wrap(error).code)) throw error;
            },
          )
        : submit(rig).then((jobId) => void taken.push(jobId));
      if (!early) await asked;
      await sleep(waitMs);
      await rig.killProvider();
      await rig.restartProvider();
      await asked;
    }
    expect(taken.length).toBeGreaterThan(KILLS * 0.7);
    const jobs = await whenSlice(
      rig.provider.operator.jobs.list,
      (list) => taken.every((jobId) => list.some((job) => job.jobId === jobId && isTerminal(job.state))),
      60_000,
    ).catch(async (error: unknown) => {
      const now = await whenSlice(rig.provider.operator.jobs.list, () => true, 5000);
      throw new Error(
        `${String(error)}; killed ${instants.join(", ")}; jobs: ${now.map((job) => `${job.jobId.slice(0, 10)} ${job.state} ${job.error?.code ?? ""}`).join(", ")}`,
      );
    });
    const settled = await settlements(rig);
    for (const jobId of taken) {
      expect(jobs.find((job) => job.jobId === jobId)?.state, `${jobId}, killed ${instants.join(", ")}`).toBe("paid");
      expect(settled.get(jobId), jobId).toBe(1);
    }
    expect([...settled.values()].every((times) => times === 1)).toBe(true);

    await rig.provider.operator.earnings.claim({});
    const earnings = await whenSlice(
      rig.provider.operator.earnings.summary,
      (summary) => summary.claimableWei === 0n && summary.claimedWei > 0n,
      10_000,
    );
    expect(earnings.claimedWei).toBe(PRICE_WEI * BigInt(settled.size));
    expect(earnings.balanceWei).toBe(earnings.claimedWei);
    expect(earnings.earned.map((entry) => entry.jobId).sort()).toEqual([...settled.keys()].sort());
  });
});
