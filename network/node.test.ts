/** Two real nodes on loopback: the three protocols, and what happens to those who break their rules. */
import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import type { Stream } from "@libp2p/interface";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { multiaddr } from "@multiformats/multiaddr";
import { ZpuError } from "@zpu/protocol/errors";
import { decodeBody, encodeFrame, FrameDecoder } from "@zpu/protocol/frames";
import { address, bytes32, jobId, modelId, txHash } from "@zpu/protocol/ids";
import {
  helloReply,
  jobReply,
  PROTOCOLS,
  receiptReply,
  type Hello,
  type JobReply,
  type JobRequest,
  type ReceiptMessage,
} from "@zpu/protocol/messages";
import { createLibp2p, type Libp2p } from "libp2p";
import { afterEach, expect, test } from "vitest";
import type { z } from "zod";
import type { Channel } from "./channel.ts";
import { keepConnected } from "./keep-connected.ts";
import type { Limits } from "./limits.ts";
import { createNode, type NetworkNode } from "./node.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
/** Bytes in use once nothing is left to collect. */
const bytesInUse = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
};

const stops: (() => Promise<void>)[] = [];
const start = async (listening: boolean, limits: Partial<Limits> = {}, peerSeed = randomBytes(32), port = 0): Promise<NetworkNode> => {
  const node = await createNode({ peerSeed, listen: listening ? [`/ip4/127.0.0.1/tcp/${port}`] : [], limits });
  stops.push(() => node.stop());
  return node;
};
/** A peer that sends whatever bytes it likes. */
const startRogue = async (): Promise<Libp2p> => {
  const rogue = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { outboundStreamProtocolNegotiationTimeout: 500 },
  });
  stops.push(async () => { await rogue.stop(); }); // prettier-ignore
  return rogue;
};
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const id = (byte: string): string => `0x${byte.repeat(32)}`;
const helloOf = (role: Hello["role"]): Hello => ({ version: 1, role, chainId: 5918805n, offerings: [], multiaddrs: [] });
const offer = (inputBytes = 800): JobRequest => ({
  type: "offer",
  jobId: jobId.parse(id("ab")),
  requestor: address.parse(`0x${"01".repeat(20)}`),
  nonce: 2n ** 255n,
  spec: {
    provider: address.parse(`0x${"02".repeat(20)}`),
    modelId: modelId.parse(id("cd")),
    inputCommitment: bytes32.parse(id("0e")),
    priceWei: 2n * 10n ** 18n,
    acceptBy: 1_800_000_000,
    deadline: 1_800_000_600,
  },
  input: { enc: randomBytes(32), ciphertext: randomBytes(inputBytes) },
  replyKey: bytes32.parse(id("0f")),
  signature: `0x${"aa".repeat(65)}`,
});
const receiptOf = (): ReceiptMessage => ({
  signed: {
    receipt: {
      jobId: jobId.parse(id("ab")),
      provider: address.parse(`0x${"02".repeat(20)}`),
      requestor: address.parse(`0x${"01".repeat(20)}`),
      modelId: modelId.parse(id("cd")),
      engine: "onnxruntime-node@1.30.0/cpu",
      profile: "integer-v1",
      inputCommitment: bytes32.parse(id("0e")),
      outputCommitment: bytes32.parse(id("0f")),
      startedAtMs: 1,
      finishedAtMs: 2,
    },
    signature: `0x${"aa".repeat(65)}`,
  },
  countersignature: `0x${"bb".repeat(65)}`,
});
const accepted = (): JobReply => ({ type: "accepted", jobId: jobId.parse(id("ab")) });

/** Everything `stream` says until it is gone. */
const listen = async <T extends z.ZodType>(stream: Stream, schema: T): Promise<z.infer<T>[]> => {
  const decoder = new FrameDecoder(65_536);
  const heard: z.infer<T>[] = [];
  await new Promise<void>((resolve) => {
    stream.addEventListener("message", ({ data }) => {
      for (const body of decoder.push(data instanceof Uint8Array ? data : data.subarray())) heard.push(decodeBody(body, schema));
    });
    stream.addEventListener("close", () => { resolve(); }); // prettier-ignore
    if (stream.status !== "open" && stream.status !== "closing") resolve();
  });
  return heard;
};
/** Opens a stream, sends `bytes` and tells what comes back before the reset. */
const say = async <T extends z.ZodType>(
  rogue: Libp2p,
  node: NetworkNode,
  protocol: keyof typeof PROTOCOLS,
  bytes: Uint8Array,
  schema: T,
): Promise<z.infer<T>[]> => {
  const stream = await rogue.dialProtocol(node.multiaddrs().map((text) => multiaddr(text)), PROTOCOLS[protocol].id); // prettier-ignore
  const heard = listen(stream, schema);
  stream.send(bytes);
  return heard;
};
const frameOf = (body: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
};

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
  expect(requests).toEqual(
    sent.map((message) =>
      message.type === "offer" ? { ...message, input: { enc: expect.any(Uint8Array), ciphertext: expect.any(Uint8Array) } } : message,
    ),
  );
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
    for await (const request of channel) (void request, await channel.send(accepted()));
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

test("a flood of broken messages leaves memory flat and an honest peer served; the flooder is cut off", async () => {
  const quiet = { perSecond: 1e6, burst: 1e6 };
  const [provider, rogue, honest] = [await start(true, { violations: quiet, handshakeMs: 500 }), await startRogue(), await start(false)];
  let reached = 0;
  provider.onJob(async (channel) => {
    for await (const request of channel) (void request, (reached += 1), await channel.send(accepted()));
  });
  const flood = async (count: number): Promise<void> => {
    const worker = async (): Promise<void> => {
      for (let at = 0; at < count / 4; at += 1) await say(rogue, provider, "job", frameOf(randomBytes(200).fill(0xff, 0, 1)), jobReply);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  };
  await flood(400);
  await new Promise((resolve) => setTimeout(resolve, 600)); // negotiations hold a little until their time is over
  const before = await bytesInUse();
  await flood(1600);
  await expect.poll(async () => (await bytesInUse()) - before, { timeout: 5000 }).toBeLessThan(2 * 2 ** 20);
  expect(reached).toBe(0);
  const channel = await honest.openJob(await honest.dial(provider.multiaddrs()));
  await channel.send(offer());
  expect(await channel.next()).toEqual(accepted());

  const strict = await start(true, { violations: { perSecond: 0.01, burst: 5 } });
  strict.onJob(async (job) => {
    for await (const request of job) void request;
  });
  const cut = new Promise<void>((resolve) => { rogue.addEventListener("peer:disconnect", ({ detail }) => { if (detail.toString() === strict.peerId) resolve(); }); }); // prettier-ignore
  for (let at = 0; at < 6; at += 1) await say(rogue, strict, "job", frameOf(Uint8Array.of(0xff)), jobReply).catch(() => undefined);
  await cut;
});

test("too many job messages are refused by code", async () => {
  const [provider, requestor] = [await start(true, { jobMessages: { perSecond: 1, burst: 5 } }), await start(false)];
  provider.onJob(async (channel) => {
    for await (const request of channel) (void request, await channel.send(accepted()));
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
    for await (const request of channel) (void request, await channel.send(accepted()));
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
