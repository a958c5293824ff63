/** The state of the node itself. */
import { errorRecord } from "@zpu/protocol/errors";
import { address, modelId } from "@zpu/protocol/ids";
import { wei } from "@zpu/protocol/money";
import { z } from "zod";
import { call, slice } from "../rpc/contract.ts";

export const processView = z.object({
  name: z.enum(["core", "network", "signer", "executor", "prover", "sensors"]),
  pid: z.number().int(),
  state: z.enum(["starting", "ready", "stopped", "restarting"]),
  restarts: z.number().int(),
});
export const hardwareView = z.object({
  cpu: z.object({ name: z.string(), cores: z.number().int(), memoryBytes: z.number() }),
  gpus: z.array(z.object({ name: z.string(), vendor: z.string(), vramBytes: z.number().optional() })),
  os: z.string(),
});
export type HardwareView = z.infer<typeof hardwareView>;

export const nodeStatus = z.object({
  version: z.string(),
  startedAtMs: z.number(),
  provider: address,
  operator: address,
  payout: address,
  peerId: z.string().optional(),
  multiaddrs: z.array(z.string()),
  /** Peers connected now. */
  peers: z.number().int(),
  registered: z.boolean(),
  stakeWei: wei,
  chain: z.object({ chainId: wei, rpcUrl: z.string(), block: z.number().int(), reachable: z.boolean(), devnet: z.boolean() }),
  /** Whether new jobs are taken now and, if not, why. */
  accepting: z.boolean(),
  reason: errorRecord.optional(),
  offerings: z.array(z.object({ modelId, name: z.string(), priceWei: wei })),
  processes: z.array(processView),
  hardware: hardwareView.optional(),
  /** Where the devnet's discovery document is, if this is a devnet. */
  devnetUrl: z.string().optional(),
});
export type NodeStatus = z.infer<typeof nodeStatus>;

export const node = {
  status: slice(nodeStatus),
  /** Ends the daemon in good order. */
  stop: call(z.object({}), z.object({})),
};
