/** The node as its owner sees it, put together from what its parts know. */
import { createRequire } from "node:module";
import type { HardwareView, NodeStatus } from "@zpu/ipc/operator/node";
import type { NetworkState } from "@zpu/ipc/workers/network";
import type { NodeIdentity } from "@zpu/ipc/workers/signer";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import type { Offering } from "@zpu/protocol/messages";
import type { AdmissionContext } from "./market/admission.ts";

/** What the parts know. `reason` is why no job is taken now, if none is. */
export interface StatusFacts {
  readonly startedAtMs: number;
  readonly identity: NodeIdentity;
  readonly peerId: string | undefined;
  readonly network: NetworkState;
  readonly registration: AdmissionContext["registration"];
  readonly chain: { readonly chainId: bigint; readonly block: number; readonly reachable: boolean };
  readonly document: DiscoveryDocument;
  readonly networkUrl: string;
  readonly reason: ZpuError | undefined;
  readonly offerings: readonly Offering[];
  readonly processes: NodeStatus["processes"];
  readonly hardware: HardwareView | undefined;
}

/** The version of the program. */
export function programVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("./package.json");
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}

/** The status; core, which computes it, is always its first process. Without a ready network process no offer can arrive: NETWORK_DIED. */
export function nodeStatus(facts: StatusFacts): NodeStatus {
  const { identity, network, registration, chain, document, hardware } = facts;
  const unheard = facts.processes.some(({ name, state }) => name === "network" && state !== "ready");
  const reason = facts.reason ?? (unheard ? new ZpuError("NETWORK_DIED") : undefined);
  return {
    version: programVersion(),
    startedAtMs: facts.startedAtMs,
    provider: identity.owner,
    operator: identity.operator,
    payout: identity.payout,
    ...(facts.peerId === undefined ? {} : { peerId: facts.peerId }),
    multiaddrs: network.multiaddrs,
    peers: network.peers,
    registered: registration?.registered ?? false,
    stakeWei: registration?.stakeWei ?? 0n,
    chain: { ...chain, rpcUrl: document.rpcUrl, devnet: document.devnet },
    accepting: reason === undefined,
    ...(reason ? { reason: reason.toRecord() } : {}),
    offerings: facts.offerings.map(({ modelId, name, priceWei }) => ({ modelId, name, priceWei })),
    processes: [{ name: "core", pid: process.pid, state: "ready", restarts: 0 }, ...facts.processes],
    ...(hardware ? { hardware } : {}),
    ...(document.devnet ? { devnetUrl: facts.networkUrl } : {}),
  };
}
