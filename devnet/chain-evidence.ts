/** What the chain says about a job, read straight from its event log: proven in which transaction, settled for how much. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { address, toHex, type Address } from "@zpu/protocol/ids";
import { z } from "zod";
import type { Chain } from "./chain.ts";

const topic = (signature: string): string => toHex(keccak_256(new TextEncoder().encode(signature)));
const JOB_PROVEN = topic("JobProven(bytes32,address,bytes32)");
/** First topic of the event that a job was settled; the second is the job's id. */
export const JOB_SETTLED = topic("JobSettled(bytes32,address,address,uint256)");
const BALANCE_OF = topic("balanceOf(address)").slice(0, 10);

const logs = z.array(z.object({ topics: z.array(z.string()), data: z.string(), transactionHash: z.string() }));
const receipt = z.object({ status: z.string(), blockNumber: z.string() }).nullable();

/** A job's proof and settlement on the chain; undefined where that has not happened. */
export interface JobOnChain {
  readonly proven: { readonly tx: string; readonly block: number; readonly provider: Address } | undefined;
  readonly settled:
    { readonly tx: string; readonly block: number; readonly provider: Address; readonly payout: Address; readonly priceWei: bigint } | undefined;
}

/** Reads the events of `jobId` at the jobs contract. */
export async function jobOnChain(chain: Pick<Chain, "request">, jobs: string, jobId: string): Promise<JobOnChain> {
  const find = async (event: string) => {
    const found = logs.parse(
      await chain.request({ method: "eth_getLogs", params: [{ address: jobs, topics: [event, jobId], fromBlock: "0x0", toBlock: "latest" }] }),
    );
    const [log] = found;
    if (log === undefined) return undefined;
    if (found.length > 1) throw new Error(`job ${jobId} has the same event ${found.length} times`);
    const mined = receipt.parse(await chain.request({ method: "eth_getTransactionReceipt", params: [log.transactionHash] }));
    if (mined === null || Number(mined.status) !== 1) return undefined;
    return { log, block: Number(mined.blockNumber), provider: address.parse(`0x${(log.topics[2] ?? "").slice(-40)}`) };
  };
  const proven = await find(JOB_PROVEN);
  const settled = await find(JOB_SETTLED);
  return {
    proven: proven && { tx: proven.log.transactionHash, block: proven.block, provider: proven.provider },
    settled: settled && {
      tx: settled.log.transactionHash,
      block: settled.block,
      provider: settled.provider,
      payout: address.parse(`0x${settled.log.data.slice(2 + 24, 2 + 64)}`),
      priceWei: BigInt(`0x${settled.log.data.slice(2 + 64, 2 + 128)}`),
    },
  };
}

/** Token balance of `account`, wei. */
export async function tokenBalance(chain: Pick<Chain, "request">, token: string, account: string): Promise<bigint> {
  const data = `${BALANCE_OF}${account.slice(2).padStart(64, "0")}`;
  return BigInt(z.string().parse(await chain.request({ method: "eth_call", params: [{ to: token, data }, "latest"] })));
}

/** Gas money of `account`, wei. */
export async function gasBalance(chain: Pick<Chain, "request">, account: string): Promise<bigint> {
  return BigInt(z.string().parse(await chain.request({ method: "eth_getBalance", params: [account, "latest"] })));
}
