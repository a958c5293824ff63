/** A node that no offer can reach does not say that it takes jobs. */
import { discoveryDocument } from "@zpu/protocol/discovery";
import { address, bytes32 } from "@zpu/protocol/ids";
import { ZpuError } from "@zpu/protocol/errors";
import { expect, it } from "vitest";
import { nodeStatus, type StatusFacts } from "./node-status.ts";

const account = (digit: string) => address.parse(`0x${digit.repeat(40)}`);
const key = bytes32.parse(`0x${"44".repeat(32)}`);
const facts = (network: "starting" | "ready" | "stopped" | "restarting", reason?: ZpuError): StatusFacts => ({
  startedAtMs: 1,
  identity: { owner: account("1"), operator: account("2"), payout: account("3"), peerKey: key, encryptionKey: key },
  peerId: undefined,
  network: { multiaddrs: [], peers: 0, gateways: 0 },
  registration: { registered: true, active: true, stakeWei: 1n, minStakeWei: 1n },
  chain: { chainId: 5_918_805n, block: 1, reachable: true },
  document: discoveryDocument.parse({
    chainId: 5_918_805,
    rpcUrl: "http://127.0.0.1:1",
    contracts: { token: account("1"), registry: account("2"), jobs: account("3"), verifier: account("4"), treasury: account("5") },
    multiaddrs: [],
    devnet: true,
  }),
  networkUrl: "http://127.0.0.1:2",
  reason,
  offerings: [],
  processes: [
    { name: "network", pid: 1, state: network, restarts: 0 },
    { name: "signer", pid: 2, state: "ready", restarts: 0 },
    { name: "executor", pid: 0, state: "stopped", restarts: 0 },
  ],
  hardware: undefined,
});

it("takes jobs once the network process is ready, whatever is started on demand", () => {
  expect(nodeStatus(facts("ready"))).toMatchObject({ accepting: true });
  expect(nodeStatus(facts("ready")).reason).toBeUndefined();
});

it.each(["starting", "restarting", "stopped"] as const)("takes none while it is %s, and says why", (state) => {
  expect(nodeStatus(facts(state))).toMatchObject({ accepting: false, reason: { code: "NETWORK_DIED" } });
});

it("names first what else keeps it from taking jobs", () => {
  const disk = new ZpuError("DISK_FULL", { path: "/data" });
  expect(nodeStatus(facts("restarting", disk)).reason).toMatchObject({ code: "DISK_FULL" });
});
