/** kill -9 of the provider at random instants: after a restart no job is lost and none is paid twice. 5 times, 50 with ZPU_SOAK=1. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { JOB_SETTLED } from "@zpu/devnet/chain-evidence";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { discoveryDocument } from "@zpu/protocol/discovery";
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

describe("kill -9 of the provider", () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()), 90_000);
  afterAll(() => rig.close());

  it(`${KILLS} times at random instants loses no job and pays none twice`, { timeout: 60_000 + KILLS * 30_000 }, async () => {
    const taken: string[] = [];
    const instants: number[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      await whenSlice(rig.provider.operator.node.status, (status) => status.accepting, 30_000);
      // A job is on its way while the knife falls: anywhere from the offer to the payment, which takes a few seconds.
      const sent = rig.devnet.control.demonstrate({}).then(
        ({ jobId }) => void taken.push(jobId),
        (error: unknown) => {
          // Killed before the offer was answered: nothing was posted, so nothing can be lost.
          if (!["PEER_UNREACHABLE", "NO_PROVIDER", "TIMEOUT", "NETWORK_DIED", "PROVIDER_BUSY"].includes(ZpuError.wrap(error).code)) throw error;
        },
      );
      const instantMs = Math.floor(Math.random() * 4000);
      instants.push(instantMs);
      await new Promise((resolve) => setTimeout(resolve, instantMs));
      await rig.killProvider();
      await rig.restartProvider();
      await sent;
    }
    const jobs = await whenSlice(
      rig.provider.operator.jobs.list,
      (list) => taken.every((jobId) => list.some((job) => job.jobId === jobId && isTerminal(job.state))),
      60_000,
    ).catch(async (error: unknown) => {
      const now = await whenSlice(rig.provider.operator.jobs.list, () => true, 5000);
      throw new Error(
        `${String(error)}; killed after ${instants.join(", ")} ms; jobs: ${now.map((job) => `${job.jobId.slice(0, 10)} ${job.state} ${job.error?.code ?? ""}`).join(", ")}`,
      );
    });
    const settled = await settlements(rig);
    for (const jobId of taken) {
      expect(jobs.find((job) => job.jobId === jobId)?.state, `${jobId}, killed after ${instants.join(", ")} ms`).toBe("paid");
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
