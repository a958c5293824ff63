/** What nodes answer, parsed and read: blocks, receipts, events, refusals. */
import { decodeRevert, describeRevert } from "@zpu/contracts/errors";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, jobId as jobIdSchema, txHash, type Address } from "@zpu/protocol/ids";
import { z } from "zod";
import type { PinnedContracts } from "../wallet/intents.ts";
import { jobsInterface, treasuryInterface } from "../wallet/interfaces.ts";
import type { BroadcastAnswer, ChainEvent } from "./chain-port.ts";
import { quantity, type RpcRefusal } from "./json-rpc.ts";

/** An address as ethers gives it, in the lower case that this program compares. */
export const lower = (value: unknown): Address => address.parse(String(value).toLowerCase());
const lowerHex = z.string().transform((text) => text.toLowerCase());
/** A block, without its transactions. */
export const blockSchema = z.object({ hash: lowerHex.pipe(bytes32), number: quantity, timestamp: quantity, baseFeePerGas: quantity.optional() });
/** An event as nodes report it. */
export const logSchema = z.object({
  address: lowerHex.pipe(address),
  topics: z.array(lowerHex.pipe(bytes32)).max(4),
  data: z.string(),
  transactionHash: lowerHex.pipe(txHash),
  blockNumber: quantity,
});
/** A transaction's receipt. */
export const receiptSchema = z.object({
  transactionHash: lowerHex.pipe(txHash),
  status: quantity,
  blockNumber: quantity,
  blockHash: lowerHex.pipe(bytes32),
  gasUsed: quantity,
  logs: z.array(logSchema),
});
/** TRANSACTION_REVERTED: `reason` is the contract's error with its facts, `error` its name, `meaning` the code it stands for. */
export function reverted(data: string | undefined, fallback: string): ZpuError {
  const decoded = data === undefined ? undefined : decodeRevert(data);
  if (!decoded) return new ZpuError("TRANSACTION_REVERTED", { reason: data && data !== "0x" ? `unknown error ${data.slice(0, 10)}` : fallback });
  const { code, reason, sentence } = describeRevert(decoded);
  return new ZpuError("TRANSACTION_REVERTED", { reason, error: decoded.name, meaning: code, sentence });
}

/** Whether the chain refuses because a contract would: anything else (overload, a fault of the node) may pass and is tried again. */
export const isRevert = ({ rpcCode, data, message }: RpcRefusal): boolean =>
  rpcCode === 3 || data !== undefined || /revert|out of gas|gas required exceeds|invalid opcode/i.test(message);

/** What the chain means by refusing signed bytes; nodes differ in their words and agree on little else. */
export function classifyRefusal(message: string): BroadcastAnswer {
  const text = message.toLowerCase();
  if (/already known|known transaction|already imported|already exists/.test(text)) return { kind: "known" };
  if (/nonce too low|nonce.*(already|used)|expected nonce to be \d+ but got/.test(text)) return { kind: "nonce-used" };
  if (/underpriced|maxfeepergas|max fee per gas|fee cap|too low to/.test(text)) return { kind: "underpriced" };
  if (/insufficient funds|enough funds|doesn't have enough|lack of funds/.test(text)) return { kind: "no-funds" };
  return { kind: "other", detail: message.slice(0, 160) };
}

/** What the ledger keeps of `log`; undefined where it is none of its business. */
export function eventOf(log: z.output<typeof logSchema>, contracts: PinnedContracts): ChainEvent | undefined {
  if (log.address === contracts.jobs) {
    const parsed = jobsInterface.parseLog(log);
    if (parsed?.name !== "JobSettled") return undefined;
    const { jobId, provider, payout, price } = parsed.args;
    return {
      type: "settled",
      jobId: jobIdSchema.parse(jobId),
      provider: lower(provider),
      payout: lower(payout),
      amountWei: z.bigint().parse(price),
    };
  }
  if (log.address !== contracts.treasury) return undefined;
  const parsed = treasuryInterface.parseLog(log);
  if (parsed?.name !== "Claimed") return undefined;
  return { type: "claimed", account: lower(parsed.args.account), amountWei: z.bigint().parse(parsed.args.amount) };
}
