/** Two real nodes on loopback: the three protocols, and what happens to those who break their rules. */
import { randomBytes } from "node:crypto";
import type { Hello } from "@zpu/protocol/messages";
import { afterEach, expect, test } from "vitest";
import { createNode, type NetworkNode } from "./node.ts";
import type { Limits } from "./limits.ts";

const nodes: NetworkNode[] = [];
const start = async (listening: boolean, limits: Partial<Limits> = {}): Promise<NetworkNode> => {
  const node = await createNode({ peerSeed: randomBytes(32), listen: listening ? ["/ip4/127.0.0.1/tcp/0"] : [], limits });
  nodes.push(node);
  return node;
};
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

const helloOf = (role: Hello["role"]): Hello => ({ version: 1, role, chainId: 5918805n, offerings: [], multiaddrs: [] });

test("hello goes both ways", async () => {
  const [a, b] = [await start(true), await start(false)];
  const seen: Hello[] = [];
  a.onHello((message) => {
    seen.push(message);
    return helloOf("gateway");
  });
  const peer = await b.dial(a.multiaddrs());
  expect(peer).toBe(a.peerId);
  expect((await b.sayHello(peer, helloOf("provider"))).role).toBe("gateway");
  expect(seen).toEqual([helloOf("provider")]);
});
