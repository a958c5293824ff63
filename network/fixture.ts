/** Test only: nodes, a peer that sends whatever bytes it likes, and valid messages to start from. */
import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { identify } from "@libp2p/identify";
import type { Stream } from "@libp2p/interface";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { decodeBody, FrameDecoder } from "@zpu/protocol/frames";
import { address, bytes32, jobId, modelId } from "@zpu/protocol/ids";
import { PROTOCOLS, type Hello, type JobReply, type JobRequest, type ReceiptMessage } from "@zpu/protocol/messages";
import { createLibp2p, type Libp2p } from "libp2p";
import type { z } from "zod";
import { keyFromSeed } from "./identity.ts";
import type { Limits } from "./limits.ts";
import { createNode, type NetworkNode } from "./node.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
/** Bytes in use once nothing is left to collect. */
export const bytesInUse = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
};

const stops: (() => Promise<void>)[] = [];
/** A node, stopped after the test. */
export const start = async (listening: boolean, limits: Partial<Limits> = {}, peerSeed = randomBytes(32), port = 0): Promise<NetworkNode> => {
  const node = await createNode({ peerSeed, listen: listening ? [`/ip4/127.0.0.1/tcp/${port}`] : [], limits });
  stops.push(() => node.stop());
  return node;
};
/** A peer that sends whatever bytes it likes, from the address and with the key given. */
export const startRogue = async (localAddress = "127.0.0.1", seed = randomBytes(32)): Promise<Libp2p> => {
  const dialOpts = { noDelay: true, localAddress };
  const rogue = await createLibp2p({
    privateKey: await keyFromSeed(seed),
    transports: [tcp({ dialOpts })],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { outboundStreamProtocolNegotiationTimeout: 500 },
  });
  stops.push(async () => { await rogue.stop(); }); // prettier-ignore
  return rogue;
};
/** Stops every node of the test that has run. */
export const stopAll = async (): Promise<void> => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
};

/** 32 bytes of one value as hex. */
export const id = (byte: string): string => `0x${byte.repeat(32)}`;
/** Valid messages of each protocol. */
export const helloOf = (role: Hello["role"]): Hello => ({ version: 1, role, chainId: 5918805n, offerings: [], multiaddrs: [] });
export const offer = (inputBytes = 800): JobRequest => ({
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
  input: { enc: new Uint8Array(randomBytes(32)), ciphertext: new Uint8Array(randomBytes(inputBytes)) },
  replyKey: bytes32.parse(id("0f")),
  signature: `0x${"aa".repeat(65)}`,
});
export const receiptOf = (): ReceiptMessage => ({
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
export const accepted = (): JobReply => ({ type: "accepted", jobId: jobId.parse(id("ab")) });

/** Everything `stream` says until it is gone. */
export const listen = async <T extends z.ZodType>(stream: Stream, schema: T): Promise<z.infer<T>[]> => {
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
/** Opens a stream, sends `bytes` and tells what comes back until the stream is gone; closes its side once there was an answer. */
export const say = async <T extends z.ZodType>(
  rogue: Libp2p,
  node: NetworkNode,
  protocol: keyof typeof PROTOCOLS,
  bytes: Uint8Array,
  schema: T,
): Promise<z.infer<T>[]> => {
  const stream = await rogue.dialProtocol(node.multiaddrs().map((text) => multiaddr(text)), PROTOCOLS[protocol].id); // prettier-ignore
  const heard = listen(stream, schema);
  stream.addEventListener("message", () => void stream.close().catch(() => undefined));
  stream.send(bytes);
  return heard;
};
/** A frame around any body. */
export const frameOf = (body: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
};
