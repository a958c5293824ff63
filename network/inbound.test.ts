/** One host, or one peer, cannot take a node's connections from the others, nor fill its memory; each host is a loopback address of its own. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { multiaddr } from "@multiformats/multiaddr";
import { encodeFrame } from "@zpu/protocol/frames";
import { PROTOCOLS } from "@zpu/protocol/messages";
import type { Libp2p } from "libp2p";
import { afterEach, expect, test } from "vitest";
import { accepted, helloOf, offer, start, startRogue, stopAll } from "./fixture.ts";
import { hostOf } from "./inbound.ts";
import type { NetworkNode } from "./node.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAll();
});

const addressesOf = (node: NetworkNode) => node.multiaddrs().map((text) => multiaddr(text));
const portOf = (node: NetworkNode): number => Number(/tcp\/(\d+)/.exec(node.multiaddrs()[0] ?? "")?.[1]);
/** A TCP connection that never says anything. */
const silent = async (node: NetworkNode, localAddress: string): Promise<Socket> => {
  const socket = connect({ port: portOf(node), host: "127.0.0.1", localAddress });
  sockets.push(socket);
  socket.on("error", () => undefined).resume(); // a reset is how it is refused
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
};
const closedOf = (all: readonly Socket[]): number => all.filter((socket) => socket.closed).length;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("silent sockets of one host leave room for the handshakes of another", async () => {
  const node = await start(true, { maxPendingConnections: 6, pendingConnectionsPerHost: 3, handshakeMs: 20_000 });
  const honest = await startRogue("127.0.0.3");
  const flood: Socket[] = [];
  for (let at = 0; at < 12; at += 1) flood.push(await silent(node, "127.0.0.2"));
  expect((await honest.dial(addressesOf(node))).remotePeer.toString()).toBe(node.peerId);
  await expect.poll(() => closedOf(flood)).toBe(9);
});

test("a handshake that is over, either way, makes room for the next one of its host", async () => {
  const node = await start(true, { pendingConnectionsPerHost: 2, handshakeMs: 300 });
  const flood = [await silent(node, "127.0.0.2"), await silent(node, "127.0.0.2"), await silent(node, "127.0.0.2")];
  flood[0]?.write("\u0013/multistream/1.0.0\n\u000b/tls/1.0.0\n"); // and then no TLS
  await expect.poll(() => closedOf(flood)).toBe(1);
  await expect.poll(() => closedOf(flood)).toBe(3); // their time is over
  for (let at = 0; at < 3; at += 1) {
    const rogue = await startRogue("127.0.0.2");
    expect((await rogue.dial(addressesOf(node))).status).toBe("open"); // open connections are not pending any more
  }
  await expect.poll(() => node.peers()).toHaveLength(3);
});

test("one host may have its share of connections and no more, others still connect, and one that leaves makes room", async () => {
  const node = await start(true, { connectionsPerHost: 3, maxConnections: 6, connectionsPerSecondPerHost: 1000 });
  const dialling = async (from: string): Promise<Libp2p> => {
    const rogue = await startRogue(from);
    await rogue.dial(addressesOf(node));
    return rogue;
  };
  const held = [await dialling("127.0.0.2"), await dialling("127.0.0.2"), await dialling("127.0.0.2")];
  for (let at = 0; at < 4; at += 1) await expect(dialling("127.0.0.2")).rejects.toThrow();
  await dialling("127.0.0.3");
  await expect.poll(() => node.peers()).toHaveLength(4);
  await held[0]?.stop();
  await expect.poll(() => node.peers()).toHaveLength(3);
  await dialling("127.0.0.2");
  await expect.poll(() => node.peers()).toHaveLength(4);
});

test("a peer has two connections at most, wherever it comes from", async () => {
  const node = await start(true, {});
  const seed = randomBytes(32);
  const rogues: Libp2p[] = [];
  for (const from of ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]) {
    const rogue = await startRogue(from, seed);
    rogues.push(rogue);
    await rogue.dial(addressesOf(node)).catch(() => undefined);
  }
  const open = (): number[] => rogues.map((rogue) => rogue.getConnections().length);
  await expect.poll(open).toEqual([1, 1, 0, 0]);
  await rogues[1]?.stop();
  await pause(100);
  await rogues[3]?.dial(addressesOf(node));
  await pause(100);
  expect(open()).toEqual([1, 0, 0, 1]);
});

test("a connection on which nothing is asked is closed; a hello, a receipt or a job keeps it", async () => {
  const node = await start(true, { purposeMs: 500 });
  node.onHello((message) => {
    if (message.chainId !== 5918805n) throw new Error("another chain");
    return helloOf("gateway");
  });
  node.onJob(async (channel) => {
    for await (const _ of channel) await channel.send(accepted());
  });
  const [greeter, requestor] = [await start(false), await start(false)];
  const [idle, opener, stranger] = [await startRogue(), await startRogue(), await start(false)];
  await greeter.sayHello(await greeter.dial(node.multiaddrs()), helloOf("provider"));
  const channel = await requestor.openJob(await requestor.dial(node.multiaddrs()));
  await channel.send(offer());
  expect(await channel.next()).toEqual(accepted());
  await idle.dial(addressesOf(node));
  const stream = await opener.dialProtocol(addressesOf(node), PROTOCOLS.job.id); // and not one message on it
  stream.send(encodeFrame(offer(), PROTOCOLS.job.maxFrameBytes).subarray(0, 20));
  await expect(stranger.sayHello(await stranger.dial(node.multiaddrs()), { ...helloOf("provider"), chainId: 1n })).rejects.toThrow();
  await expect.poll(() => node.peers()).toHaveLength(5);
  await expect.poll(() => node.peers().sort(), { timeout: 5000 }).toEqual([greeter.peerId, requestor.peerId].sort());
  await pause(700);
  expect(node.peers()).toHaveLength(2);
  await channel.send(offer());
  expect(await channel.next()).toEqual(accepted());
});

test("strangers who come and go are forgotten; a dialled peer is remembered and reached again by its id", async () => {
  const node = await start(true, { connectionsPerSecondPerHost: 1000, rememberedPeers: 2 });
  node.onJob(() => undefined);
  const before = await node.remembered();
  for (let at = 0; at < 30; at += 1) {
    const rogue = await startRogue();
    await rogue.dial(addressesOf(node));
    if (at % 2 === 0) await rogue.dialProtocol(addressesOf(node), PROTOCOLS.job.id);
    if (at % 3 !== 0) await pause(10); // some leave while they are being identified
    await rogue.stop();
  }
  await expect.poll(() => node.peers()).toEqual([]);
  await expect.poll(() => node.remembered()).toBe(before);

  const others = [await start(true), await start(true), await start(true)];
  for (const other of others) {
    other.onHello(() => helloOf("gateway"));
    await node.dial(other.multiaddrs());
    await expect.poll(() => node.remembered()).toBeGreaterThan(before);
    await node.hangUp(other.peerId);
  }
  await expect.poll(() => node.peers()).toEqual([]);
  await expect.poll(() => node.remembered()).toBe(before + 2);
  expect((await node.sayHello(others[2]!.peerId, helloOf("requestor"))).role).toBe("gateway");
  await expect(node.sayHello(others[0]!.peerId, helloOf("requestor"))).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
});

test("a host is an IPv4 address, also inside IPv6, or an IPv6 /64", () => {
  const host = (address: string): string => hostOf(multiaddr(address));
  expect(host("/ip4/192.0.2.7/tcp/1")).toBe("192.0.2.7");
  expect(host("/ip6/::ffff:192.0.2.7/tcp/1")).toBe("192.0.2.7");
  expect(host("/ip6/2001:db8:1:2::1/tcp/1")).toBe(host("/ip6/2001:db8:1:2:ffff:ffff:ffff:ffff/tcp/2"));
  expect(host("/ip6/2001:db8:1:2::1/tcp/1")).not.toBe(host("/ip6/2001:db8:1:3::1/tcp/1"));
  expect(host("/ip6zone/eth0/ip6/fe80::1/tcp/1")).toBe(host("/ip6/fe80::2/tcp/1"));
});
