/** A libp2p node (TCP, TLS, yamux, identify, ping) that speaks hello, job and receipt, and nothing else. */
import { identify } from "@libp2p/identify";
import type { Connection, PeerId as Libp2pPeerId, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { ZpuError } from "@zpu/protocol/errors";
import { peerId as peerIdSchema, type PeerId } from "@zpu/protocol/ids";
import {
  hello as helloSchema,
  helloReply,
  PROTOCOL_VERSION,
  PROTOCOLS,
  receiptMessage,
  receiptReply,
  type Hello,
  type HelloReply,
  type JobReply,
  type JobRequest,
  type ReceiptMessage,
  type ReceiptReply,
} from "@zpu/protocol/messages";
import { createLibp2p } from "libp2p";
import type { z } from "zod";
import type { Channel } from "./channel.ts";
import { answerOnce, askOnce, type Protocol } from "./exchange.ts";
import { keyFromSeed } from "./identity.ts";
import { createInboundGuard } from "./inbound.ts";
import { createJobStreams, type JobHandler, type StreamEvents } from "./job-stream.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { createPeerRecords } from "./peer-records.ts";
import { createRateLimiter } from "./rate-limit.ts";

/** What `createNode` needs. */
export interface NodeOptions {
  /** 32-byte Ed25519 seed of the peer key. */
  readonly peerSeed: Uint8Array;
  /** Multiaddrs to listen on, e.g. "/ip4/127.0.0.1/tcp/0"; empty where the node only dials. */
  readonly listen: readonly string[];
  readonly limits?: Partial<Limits>;
}

/** A running node. Every call that reaches for a peer throws PEER_UNREACHABLE where that fails. */
export interface NetworkNode {
  readonly peerId: PeerId;
  /** Addresses that others can dial, each ending in /p2p/<peer id>. */
  multiaddrs(): string[];
  /** Connects to the peer at any of `multiaddrs` (all of one peer) and answers its id. */
  dial(multiaddrs: readonly string[], options?: { signal?: AbortSignal }): Promise<PeerId>;
  hangUp(peer: PeerId): Promise<void>;
  peers(): PeerId[];
  /** Peers this node holds a record of; bounded by its limits, whoever comes and goes. */
  remembered(): Promise<number>;
  /** First connection to a peer, last connection lost. Answers how to stop listening. */
  onConnect(listener: (peer: PeerId) => void): () => void;
  onDisconnect(listener: (peer: PeerId) => void): () => void;
  /** Sends `message` and answers the other side's hello; throws the code with which it refused. */
  sayHello(peer: PeerId, message: Hello): Promise<Hello>;
  /** What to answer to a hello; a ZpuError thrown refuses it by that code. */
  onHello(handler: (message: Hello, peer: PeerId) => Hello | Promise<Hello>): void;
  openJob(peer: PeerId): Promise<Channel<JobRequest, JobReply>>;
  /** The handler owns the channel: it reads, answers and closes it. An error it throws is answered as `rejected`. */
  onJob(handler: JobHandler): void;
  sendReceipt(peer: PeerId, message: ReceiptMessage): Promise<ReceiptReply>;
  /** What to answer to a receipt; a ZpuError thrown is answered as `refused`. */
  onReceipt(handler: (message: ReceiptMessage, peer: PeerId) => ReceiptReply | Promise<ReceiptReply>): void;
  stop(): Promise<void>;
}

const asPeer = (id: Libp2pPeerId): PeerId => peerIdSchema.parse(id.toString());
const unreachable = (error: unknown): ZpuError =>
  error instanceof ZpuError
    ? error
    : new ZpuError("PEER_UNREACHABLE", { detail: (error instanceof Error ? error.message : String(error)).slice(0, 160) }, error);

/** Starts a node; it listens and answers once this resolves. */
export async function createNode(options: NodeOptions): Promise<NetworkNode> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const guard = createInboundGuard(limits);
  const privateKey = await keyFromSeed(options.peerSeed);
  const libp2p = await createLibp2p({
    privateKey,
    nodeInfo: { name: "zpu", version: "1", userAgent: "zpu/1" },
    addresses: { listen: [...options.listen] },
    transports: [tcp({ maxConnections: limits.maxConnections * 2 })],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux({ maxInboundStreams: 64, streamOptions: { maxStreamWindowSize: 256 * 1024, maxReadBufferLength: 512 * 1024 } })],
    services: { identify: identify(), ping: ping() },
    connectionManager: {
      maxConnections: limits.maxConnections,
      maxIncomingPendingConnections: limits.maxPendingConnections,
      inboundConnectionThreshold: limits.connectionsPerSecondPerHost,
      inboundUpgradeTimeout: limits.handshakeMs,
      dialTimeout: limits.dialMs,
      inboundStreamProtocolNegotiationTimeout: limits.handshakeMs,
      outboundStreamProtocolNegotiationTimeout: limits.handshakeMs,
    },
    connectionGater: { ...guard.gater, denyDialMultiaddr: () => false }, // rigs and the devnet are dialled on private and loopback addresses
  });
  libp2p.addEventListener("connection:open", ({ detail }) => { guard.opened(detail); }); // prettier-ignore
  const records = createPeerRecords(libp2p, limits.rememberedPeers);

  const rates = {
    hello: createRateLimiter(limits.hello, limits.helloTotal),
    jobMessages: createRateLimiter(limits.jobMessages, limits.jobMessagesTotal),
    receipts: createRateLimiter(limits.receipts, limits.receiptsTotal),
    violations: createRateLimiter(limits.violations, { perSecond: 1e6, burst: 1e6 }),
    refusals: createRateLimiter(limits.refusedJobStreams, { perSecond: 1e6, burst: 1e6 }),
  };
  const refuseAbove = (retryMs: number): void => {
    if (retryMs > 0) throw new ZpuError("RATE_LIMITED", { retryMs });
  };

  const noteViolation = (connection: Connection): void => {
    if (rates.violations.take(connection.remotePeer.toString()) > 0) connection.abort(new Error("too many broken rules"));
  };
  const eventsOf = (connection: Connection): StreamEvents => ({
    onViolation() {
      noteViolation(connection);
    },
    onRefusal() {
      if (rates.refusals.take(connection.remotePeer.toString()) > 0) connection.abort(new Error("too many refused streams"));
    },
    onMessage() {
      guard.used(connection);
    },
  });

  const dialStream = async (peer: PeerId, protocol: string): Promise<Stream> => {
    try {
      const stream = await libp2p.dialProtocol(peerIdFromString(peer), protocol, { signal: AbortSignal.timeout(limits.dialMs) });
      for (const connection of libp2p.getConnections(peerIdFromString(peer))) guard.used(connection); // one of them serves this side
      return stream;
    } catch (error) {
      throw unreachable(error);
    }
  };

  const ask = async <Question, Answer>(peer: PeerId, protocol: Protocol, question: Question, schema: z.ZodType<Answer>): Promise<Answer> =>
    askOnce(await dialStream(peer, protocol.id), peer, protocol, question, schema, limits);

  let handleHello: ((message: Hello, peer: PeerId) => Hello | Promise<Hello>) | undefined;
  let handleReceipt: ((message: ReceiptMessage, peer: PeerId) => ReceiptReply | Promise<ReceiptReply>) | undefined;
  let handleJob: JobHandler | undefined;
  const jobStreams = createJobStreams(limits, (peer) => { refuseAbove(rates.jobMessages.take(peer)); }); // prettier-ignore

  const handle = (protocol: Protocol, serve: (stream: Stream, peer: PeerId, events: StreamEvents) => Promise<void>): Promise<void> =>
    libp2p.handle(
      protocol.id,
      (stream, connection) => {
        serve(stream, asPeer(connection.remotePeer), eventsOf(connection)).catch((error: unknown) => { stream.abort(ZpuError.wrap(error)); }); // prettier-ignore
      },
      { maxInboundStreams: 32, maxOutboundStreams: 256 },
    );
  await handle(PROTOCOLS.hello, (stream, peer, { onViolation, onMessage: onAnswered }) =>
    answerOnce<Hello, HelloReply>(stream, peer, {
      protocol: PROTOCOLS.hello,
      schema: helloSchema,
      times: limits,
      admit: () => { refuseAbove(rates.hello.take(peer)); }, // prettier-ignore
      onViolation,
      onAnswered,
      answer(message) {
        if (message.version !== PROTOCOL_VERSION) throw new ZpuError("VERSION_UNSUPPORTED", { theirs: message.version, ours: PROTOCOL_VERSION });
        if (!handleHello) throw new ZpuError("NOT_SUPPORTED", { what: "hello", alternatives: "Try again shortly." });
        return handleHello(message, peer);
      },
      refuse: (error) => ({ refused: error.toRecord() }),
    }),
  );
  await handle(PROTOCOLS.receipt, (stream, peer, { onViolation, onMessage: onAnswered }) =>
    answerOnce<ReceiptMessage, ReceiptReply>(stream, peer, {
      protocol: PROTOCOLS.receipt,
      schema: receiptMessage,
      times: limits,
      admit: () => { refuseAbove(rates.receipts.take(peer)); }, // prettier-ignore
      onViolation,
      onAnswered,
      answer(message) {
        if (!handleReceipt) throw new ZpuError("NOT_SUPPORTED", { what: "receipt", alternatives: "Send it to the job's provider." });
        return handleReceipt(message, peer);
      },
      refuse: (error) => ({ type: "refused", error: error.toRecord() }),
    }),
  );
  await handle(PROTOCOLS.job, (stream, peer, events) => jobStreams.serve(stream, peer, handleJob, events));

  const listen = (event: "peer:connect" | "peer:disconnect", listener: (peer: PeerId) => void): (() => void) => {
    const wrapped = (happened: CustomEvent<Libp2pPeerId>): void => {
      if (peerIdSchema.safeParse(happened.detail.toString()).success) listener(asPeer(happened.detail));
    };
    libp2p.addEventListener(event, wrapped);
    return () => { libp2p.removeEventListener(event, wrapped); }; // prettier-ignore
  };

  return {
    peerId: asPeer(libp2p.peerId),
    multiaddrs: () => libp2p.getMultiaddrs().map(String),
    async dial(multiaddrs, { signal } = {}) {
      const limit = AbortSignal.timeout(limits.dialMs);
      try {
        const addresses = multiaddrs.map((text) => multiaddr(text));
        const named = addresses.flatMap((address) => address.getComponents().findLast(({ name }) => name === "p2p")?.value ?? []);
        for (const peer of new Set(named)) records.dialled(peer);
        const connection = await libp2p.dial(addresses, { signal: signal ? AbortSignal.any([signal, limit]) : limit }); // prettier-ignore
        records.dialled(connection.remotePeer.toString());
        return asPeer(connection.remotePeer);
      } catch (error) {
        throw unreachable(error);
      }
    },
    async hangUp(peer) {
      await libp2p.hangUp(peerIdFromString(peer));
    },
    peers: () => libp2p.getPeers().map(asPeer),
    remembered: () => records.count(),
    onConnect: (listener) => listen("peer:connect", listener),
    onDisconnect: (listener) => listen("peer:disconnect", listener),
    async sayHello(peer, message) {
      const reply = await ask<Hello, HelloReply>(peer, PROTOCOLS.hello, message, helloReply);
      if ("refused" in reply) throw ZpuError.from(reply.refused);
      if (reply.version !== PROTOCOL_VERSION) throw new ZpuError("VERSION_UNSUPPORTED", { theirs: reply.version, ours: PROTOCOL_VERSION });
      return reply;
    },
    onHello(handler) {
      handleHello = handler;
    },
    openJob: async (peer) => jobStreams.open(await dialStream(peer, PROTOCOLS.job.id), peer),
    onJob(handler) {
      handleJob = handler;
    },
    sendReceipt: (peer, message) => ask(peer, PROTOCOLS.receipt, message, receiptReply),
    onReceipt(handler) {
      handleReceipt = handler;
    },
    async stop() {
      jobStreams.breakAll();
      await libp2p.stop();
    },
  };
}
