/** The link says hello to every gateway, again after every change, and counts those that have answered. */
import { createNode, type NetworkNode } from "@zpu/network/node";
import { ZpuError } from "@zpu/protocol/errors";
import type { Hello } from "@zpu/protocol/messages";
import { afterEach, describe, expect, it } from "vitest";
import { byPeer, createGatewayLink } from "./gateway-link.ts";

const nodes: NetworkNode[] = [];
const node = async (seed: number): Promise<NetworkNode> => {
  const made = await createNode({ peerSeed: new Uint8Array(32).fill(seed), listen: ["/ip4/127.0.0.1/tcp/0"] });
  nodes.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((part) => part.stop()));
});
const hello = (name: string): Hello => ({
  version: 1,
  role: "provider",
  chainId: 5_918_805n,
  offerings: [{ modelId: `0x${"55".repeat(32)}` as never, name, priceWei: 1n, proof: "zk" }],
  multiaddrs: [],
});
async function until(what: () => boolean): Promise<void> {
  const endMs = Date.now() + 8_000;
  while (!what() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(what()).toBe(true);
}

describe("gateway link", () => {
  it("groups addresses by the peer they lead to", () => {
    const groups = byPeer(["/ip4/1.1.1.1/tcp/1/p2p/A", "/ip4/2.2.2.2/tcp/1/p2p/B", "/ip6/::1/tcp/1/p2p/A", "/ip4/3.3.3.3/tcp/1"]);
    expect([...groups]).toEqual([
      ["A", ["/ip4/1.1.1.1/tcp/1/p2p/A", "/ip6/::1/tcp/1/p2p/A"]],
      ["B", ["/ip4/2.2.2.2/tcp/1/p2p/B"]],
    ]);
  });

  it("dials once there is something to say, says it again when it changes, and lets go of a gateway that left the list", async () => {
    const [provider, gateway] = [await node(1), await node(2)];
    const heard: string[] = [];
    gateway.onHello((message) => {
      heard.push(message.offerings[0]?.name ?? "nothing");
      return { version: 1, role: "gateway", chainId: 5_918_805n, offerings: [], multiaddrs: [] };
    });
    let changes = 0;
    const link = createGatewayLink(provider, () => (changes += 1));
    link.dial(gateway.multiaddrs());
    expect(link.count()).toBe(0);
    link.announce(hello("first"));
    await until(() => link.count() === 1);
    link.announce(hello("second"));
    await until(() => heard.includes("second"));
    expect(heard[0]).toBe("first");
    expect(changes).toBeGreaterThan(0);
    await gateway.hangUp(provider.peerId);
    await until(() => heard.length >= 3 && link.count() === 1);
    expect(heard.at(-1)).toBe("second");
    link.stop();
  });

  it("stops counting a gateway that refuses what is said anew, tells so, and greets it again over a new connection", async () => {
    const [provider, gateway] = [await node(3), await node(4)];
    let refuses = false;
    let heard = 0;
    gateway.onHello(() => {
      heard += 1;
      if (refuses) throw new ZpuError("BINDING_INVALID", { detail: "not now" });
      return { version: 1, role: "gateway", chainId: 5_918_805n, offerings: [], multiaddrs: [] };
    });
    const counts: number[] = [];
    const link = createGatewayLink(provider, () => counts.push(link.count()));
    link.dial(gateway.multiaddrs());
    link.announce(hello("first"));
    await until(() => link.count() === 1);
    refuses = true;
    link.announce(hello("second"));
    await until(() => counts.at(-1) === 0);
    expect(link.count()).toBe(0);
    refuses = false;
    await until(() => link.count() === 1);
    expect(counts.at(-1)).toBe(1);
    expect(heard).toBeGreaterThanOrEqual(3);
    link.stop();
  });
});
