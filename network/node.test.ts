/** Two real nodes on loopback: the three protocols, and what happens to those who break their rules. */
import { randomBytes } from "node:crypto";
import { multiaddr } from "@multiformats/multiaddr";
import { ZpuError } from "@zpu/protocol/errors";
import { encodeFrame } from "@zpu/protocol/frames";
import { jobId, txHash } from "@zpu/protocol/ids";
import { helloReply, jobReply, PROTOCOLS, receiptReply, type Hello, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import { afterEach, expect, test } from "vitest";
import type { Channel } from "./channel.ts";
import { accepted, frameOf, helloOf, id, listen, offer, receiptOf, say, start, startRogue, stopAll } from "./fixture.ts";
import { keepConnected } from "./keep-connected.ts";

afterEach(stopAll);

test("hello goes both ways; another version and a refusal come back as their codes", async () => {
  const [a, b] = [await start(true, { hello: { perSecond: 1000, burst: 1000 } }), await start(false)];
  const seen: Hello[] = [];
  a.onHello((message) => {
    if (message.chainId !== 5918805n) throw new ZpuError("CHAIN_MISMATCH", { rpc: "-", actual: String(message.chainId), expected: "5918805" });
    seen.push(message);
    return helloOf("gateway");
  });
  const peer = await b.dial(a.multiaddrs());
  expect(peer).toBe(a.peerId);
  expect((await b.sayHello(peer, helloOf("provider"))).role).toBe("gateway");
  expect(seen).toEqual([helloOf("provider")]);
  await expect(b.sayHello(peer, { ...helloOf("provider"), version: 9 })).rejects.toMatchObject({
    code: "VERSION_UNSUPPORTED",
    facts: { theirs: 9, ours: 1 },
  });
  await expect(b.sayHello(peer, { ...helloOf("provider"), chainId: 1n })).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
});

test("hello is limited to its rate", async () => {
  const [a, b] = [await start(true), await start(false)];
  a.onHello(() => helloOf("gateway"));
  const peer = await b.dial(a.multiaddrs());
  for (let at = 0; at < 3; at += 1) await b.sayHello(peer, helloOf("provider"));
  await expect(b.sayHello(peer, helloOf("provider"))).rejects.toMatchObject({ code: "RATE_LIMITED" });
});

test("a job stream carries messages both ways and ends cleanly", async () => {
  const [provider, requestor] = [await start(true), await start(false)];
  const requests: JobRequest[] = [];
  let ended: ZpuError | undefined | "not yet" = "not yet";
  provider.onJob(async (channel) => {
    void channel.closed.then((error) => { ended = error; }); // prettier-ignore
    for await (const request of channel) {
      requests.push(request);
      await channel.send(accepted());
    }
    await channel.close();
  });
  const channel = await requestor.openJob(await requestor.dial(provider.multiaddrs()));
  const sent = [offer(50_000), { type: "posted", jobId: jobId.parse(id("ab")), tx: txHash.parse(id("cc")) }] as const;
  for (const message of sent) {
    await channel.send(message);
    expect(await channel.next()).toEqual(accepted());
  }
  await channel.close();
  expect(await channel.next()).toBeUndefined();
  expect(await channel.closed).toBeUndefined();
  expect(requests).toEqual(sent);
  await expect.poll(() => ended).toBeUndefined();
});

test("malformed, misfitting and oversized requests are answered by code and reset", async () => {
  const [provider, rogue] = [await start(true), await startRogue()];
  const errors: unknown[] = [];
  provider.onJob(async (channel) => {
    try {
      for await (const request of channel) void request;
    } catch (error) {
      errors.push((error as ZpuError).code);
    }
  });
  const header = (length: number): Uint8Array => frameOf(new Uint8Array(0)).fill(0).map((_, at) => (length >>> (24 - 8 * at)) & 255); // prettier-ignore
  const refused = async (bytes: Uint8Array): Promise<string[]> =>
    (await say(rogue, provider, "job", bytes, jobReply)).map((reply) => (reply.type === "rejected" ? reply.error.code : reply.type));
  expect(await refused(frameOf(randomBytes(100).fill(0xff)))).toEqual(["MALFORMED_MESSAGE"]);
  expect(await refused(encodeFrame({ type: "offer" }, 1000))).toEqual(["MALFORMED_MESSAGE"]);
  expect(await refused(encodeFrame({ ...offer(), nonce: 5 }, 4000))).toEqual(["MALFORMED_MESSAGE"]);
  expect(await refused(frameOf(new Uint8Array(0)))).toEqual(["MALFORMED_MESSAGE"]);
  expect(await refused(header(65_537))).toEqual(["MESSAGE_TOO_LARGE"]);
  expect(await refused(header(0xffff_ffff))).toEqual(["MESSAGE_TOO_LARGE"]);
  expect(await say(rogue, provider, "hello", encodeFrame({ version: 1 }, 100), helloReply)).toMatchObject([
    { refused: { code: "MALFORMED_MESSAGE" } },
  ]);
  expect(await say(rogue, provider, "receipt", header(2049), receiptReply)).toMatchObject([
    { type: "refused", error: { code: "MESSAGE_TOO_LARGE" } },
  ]);
  expect(errors).toEqual([
    "MALFORMED_MESSAGE",
    "MALFORMED_MESSAGE",
    "MALFORMED_MESSAGE",
    "MALFORMED_MESSAGE",
    "MESSAGE_TOO_LARGE",
    "MESSAGE_TOO_LARGE",
  ]);
});

test("a silent stream, and one that dribbles a message, are closed in time", async () => {
  const [provider, rogue] = [await start(true, { firstMessageMs: 150, frameMs: 200 }), await startRogue()];
  provider.onJob(async (channel) => {
    for await (const request of channel) void request;
  });
  const target = provider.multiaddrs().map((text) => multiaddr(text)); // prettier-ignore
  const startedAt = performance.now();
  const silent = await rogue.dialProtocol(target, PROTOCOLS.job.id, { negotiateFully: true });
  expect(await listen(silent, jobReply)).toMatchObject([{ type: "rejected", error: { code: "TIMEOUT" } }]);
  const slow = await rogue.dialProtocol(target, PROTOCOLS.job.id);
  const heard = listen(slow, jobReply);
  const frame = encodeFrame(offer(), 65_536);
  let at = 0;
  const dribble = setInterval(() => {
    if (slow.writeStatus === "writable") slow.send(frame.subarray(at, (at += 1)));
  }, 20);
  expect(await heard).toMatchObject([{ type: "rejected", error: { code: "TIMEOUT" } }]);
  clearInterval(dribble);
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test("at most eight job streams a peer, and the ninth is told so; a closed one makes room", async () => {
  const [provider, requestor] = [await start(true), await start(false)];
  provider.onJob(async (channel) => {
    for await (const _ of channel) await channel.send(accepted());
    await channel.close();
  });
  const peer = await requestor.dial(provider.multiaddrs());
  const open: Channel<JobRequest, JobReply>[] = [];
  for (let at = 0; at < 8; at += 1) {
    const channel = await requestor.openJob(peer);
    await channel.send(offer());
    expect(await channel.next()).toEqual(accepted());
    open.push(channel);
  }
  const ninth = await requestor.openJob(peer);
  await ninth.send(offer()).catch(() => undefined);
  expect(await ninth.next()).toMatchObject({ type: "rejected", error: { code: "RATE_LIMITED" } });
  await open[0]?.close();
  await open[0]?.closed;
  await expect
    .poll(async () => {
      const channel = await requestor.openJob(peer);
      await channel.send(offer()).catch(() => undefined);
      return (await channel.next())?.type;
    })
    .toBe("accepted");
});

test("who goes on opening job streams beyond its number is disconnected", async () => {
  const limits = { jobStreamsPerPeer: 1, refusedJobStreams: { perSecond: 0.01, burst: 5 } };
  const [provider, requestor, other] = [await start(true, limits), await start(false), await start(false)];
  provider.onJob(async (channel) => {
    for await (const _ of channel) await channel.send(accepted());
  });
  const peer = await requestor.dial(provider.multiaddrs());
  const first = await requestor.openJob(peer);
  await first.send(offer());
  expect(await first.next()).toEqual(accepted());
  for (let at = 0; at < 5; at += 1) {
    const refused = await requestor.openJob(peer);
    expect(await refused.next()).toMatchObject({ type: "rejected", error: { code: "RATE_LIMITED" } });
    await refused.close();
  }
  expect(provider.peers()).toEqual([requestor.peerId]);
  await Promise.allSettled([requestor.openJob(peer)]);
  await expect.poll(() => provider.peers()).toEqual([]);
  expect(await other.dial(provider.multiaddrs())).toBe(peer);
});

test("a sender waits while nobody reads, and nothing is lost", async () => {
  const [provider, requestor] = [
    await start(true, { jobMessages: { perSecond: 1e5, burst: 1e5 }, jobMessagesTotal: { perSecond: 1e5, burst: 1e5 } }),
    await start(false),
  ];
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => { letGo = resolve; }); // prettier-ignore
  let read = 0;
  provider.onJob(async (channel) => {
    await held;
    for await (const request of channel) if (request.type === "offer" && request.input.ciphertext.length === 50_000) read += 1;
    await channel.close();
  });
  const channel = await requestor.openJob(await requestor.dial(provider.multiaddrs()));
  let sent = 0;
  const sending = (async () => {
    for (; sent < 100; sent += 1) await channel.send(offer(50_000));
    await channel.close();
  })();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(sent).toBeLessThan(20); // at most the high water, one window and one frame are under way
  expect(sent).toBeGreaterThan(3);
  letGo();
  await sending;
  await expect.poll(() => read).toBe(100);
});

test("too many job messages are refused by code", async () => {
  const [provider, requestor] = [await start(true, { jobMessages: { perSecond: 1, burst: 5 } }), await start(false)];
  provider.onJob(async (channel) => {
    for await (const _ of channel) await channel.send(accepted());
  });
  const channel = await requestor.openJob(await requestor.dial(provider.multiaddrs()));
  for (let at = 0; at < 5; at += 1) {
    await channel.send(offer());
    expect(await channel.next()).toEqual(accepted());
  }
  await channel.send(offer());
  expect(await channel.next()).toMatchObject({ type: "rejected", error: { code: "RATE_LIMITED" } });
  await expect(channel.next()).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
});

test("a receipt is stored or refused by code", async () => {
  const [provider, requestor] = [await start(true), await start(false)];
  const peer = await requestor.dial(provider.multiaddrs());
  expect(await requestor.sendReceipt(peer, receiptOf())).toMatchObject({ type: "refused", error: { code: "NOT_SUPPORTED" } });
  provider.onReceipt((message) => {
    if (message.countersignature.startsWith("0xbb")) return { type: "stored", jobId: message.signed.receipt.jobId };
    throw new ZpuError("JOB_UNKNOWN", { jobId: message.signed.receipt.jobId });
  });
  expect(await requestor.sendReceipt(peer, receiptOf())).toEqual({ type: "stored", jobId: id("ab") });
  expect(await requestor.sendReceipt(peer, { ...receiptOf(), countersignature: `0x${"cc".repeat(65)}` })).toMatchObject({
    error: { code: "JOB_UNKNOWN" },
  });
  await expect(requestor.sendReceipt(peer, { ...receiptOf(), countersignature: `0x${"cc".repeat(2000)}` })).rejects.toMatchObject({
    code: "MESSAGE_TOO_LARGE",
  });
});

test("a lost provider breaks the iteration by code, and nobody there is PEER_UNREACHABLE", async () => {
  const [provider, requestor] = [await start(true), await start(false, { dialMs: 2000 })];
  provider.onJob(async (channel) => {
    for await (const _ of channel) await channel.send(accepted());
  });
  const addresses = provider.multiaddrs();
  const channel = await requestor.openJob(await requestor.dial(addresses));
  await channel.send(offer());
  await channel.next();
  const waiting = channel.next();
  await Promise.all([expect(waiting).rejects.toMatchObject({ code: "PEER_UNREACHABLE" }), provider.stop()]);
  await expect(requestor.dial(addresses)).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
  await expect(requestor.openJob(provider.peerId)).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
});

test("keepConnected says hello again after the gateway has been away", async () => {
  const seed = randomBytes(32);
  const first = await start(true, {}, seed);
  const addresses = first.multiaddrs();
  const port = Number(/tcp\/(\d+)/.exec(addresses[0] ?? "")?.[1]);
  const provider = await start(false);
  let ups = 0;
  let downs = 0;
  const keeping = keepConnected(provider, () => addresses, {
    onUp: async () => { ups += 1; await Promise.resolve(); }, // prettier-ignore
    onDown: () => { downs += 1; }, // prettier-ignore
    backOff: { firstMs: 50, mostMs: 200 },
  });
  await expect.poll(() => ups).toBe(1);
  await first.stop();
  await expect.poll(() => downs).toBeGreaterThan(1);
  await start(true, {}, seed, port);
  await expect.poll(() => ups, { timeout: 5000 }).toBe(2);
  keeping.stop();
});
