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
  jobReply,
  jobRequest,
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
import { openChannel, type Channel } from "./channel.ts";
import { keyFromSeed } from "./identity.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
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
  /** First connection to a peer, last connection lost. Answers how to stop listening. */
  onConnect(listener: (peer: PeerId) => void): () => void;
  onDisconnect(listener: (peer: PeerId) => void): () => void;
  /** Sends `message` and answers the other side's hello; throws the code with which it refused. */
  sayHello(peer: PeerId, message: Hello): Promise<Hello>;
  /** What to answer to a hello; a ZpuError thrown refuses it by that code. */
  onHello(handler: (message: Hello, peer: PeerId) => Hello | Promise<Hello>): void;
  openJob(peer: PeerId): Promise<Channel<JobRequest, JobReply>>;
  /** The handler owns the channel: it reads, answers and closes it. An error it throws is answered as `rejected`. */
  onJob(handler: (channel: Channel<JobReply, JobRequest>, peer: PeerId) => void | Promise<void>): void;
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
    connectionGater: { denyDialMultiaddr: () => false }, // rigs and the devnet are dialled on private and loopback addresses
  });

  const rates = {
    hello: createRateLimiter(limits.hello, limits.helloTotal),
    jobMessages: createRateLimiter(limits.jobMessages, limits.jobMessagesTotal),
    receipts: createRateLimiter(limits.receipts, limits.receiptsTotal),
    violations: createRateLimiter(limits.violations, { perSecond: 1e6, burst: 1e6 }),
  };
  const refuseAbove = (retryMs: number): void => {
    if (retryMs > 0) throw new ZpuError("RATE_LIMITED", { retryMs });
  };

  const noteViolation = (connection: Connection): void => {
    if (rates.violations.take(connection.remotePeer.toString()) > 0) connection.abort(new Error("too many broken rules"));
  };

  const dialStream = async (peer: PeerId, protocol: string): Promise<Stream> => {
    try {
      return await libp2p.dialProtocol(peerIdFromString(peer), protocol, { signal: AbortSignal.timeout(limits.dialMs) });
    } catch (error) {
      throw unreachable(error);
    }
  };

  /** One message each way on a stream of its own. */
  const ask = async <Question, Answer>(
    peer: PeerId,
    protocol: { id: string; maxFrameBytes: number },
    question: Question,
    schema: z.ZodType<Answer>,
  ): Promise<Answer> => {
    const stream = await dialStream(peer, protocol.id);
    const channel = openChannel<Question, Answer>(stream, peer, {
      schema,
      maxFrameBytes: protocol.maxFrameBytes,
      firstMessageMs: limits.firstMessageMs,
      frameMs: limits.frameMs,
      idleMs: limits.firstMessageMs,
    });
    try {
      await channel.send(question);
      const answer = await channel.next();
      if (answer === undefined) throw new ZpuError("PEER_UNREACHABLE", { detail: "closed without an answer" });
      await channel.close();
      return answer;
    } catch (error) {
      channel.abort(ZpuError.wrap(error));
      throw error;
    }
  };

  /** Answers one question per stream; whatever goes wrong is answered by `refuse` where there is still someone to answer. */
  const answerOne = async <Question, Answer>(
    protocol: { id: string; maxFrameBytes: number },
    schema: z.ZodType<Question>,
    admit: (peer: PeerId) => void,
    answer: (question: Question, peer: PeerId) => Answer | Promise<Answer>,
    refuse: (error: ZpuError) => Answer,
  ): Promise<void> => {
    const serve = async (stream: Stream, connection: Connection): Promise<void> => {
      const peer = asPeer(connection.remotePeer);
      const channel: Channel<Answer, Question> = openChannel<Answer, Question>(stream, peer, {
        schema,
        maxFrameBytes: protocol.maxFrameBytes,
        firstMessageMs: limits.firstMessageMs,
        frameMs: limits.frameMs,
        idleMs: limits.firstMessageMs,
        admit: () => { admit(peer); }, // prettier-ignore
        onViolation: (error) => {
          noteViolation(connection);
          lastWord(stream, () => channel.send(refuse(error)));
        },
      });
      try {
        const question = await channel.next();
        if (question === undefined) return await channel.close();
        let reply: Answer;
        try {
          reply = await answer(question, peer);
        } catch (error) {
          reply = refuse(ZpuError.wrap(error));
        }
        await channel.send(reply);
        await channel.close();
      } catch (error) {
        channel.abort(ZpuError.wrap(error));
      }
    };
    await libp2p.handle(protocol.id, (stream, connection) => void serve(stream, connection), { maxInboundStreams: 32, force: true });
  };

  let handleHello: ((message: Hello, peer: PeerId) => Hello | Promise<Hello>) | undefined;
  let handleReceipt: ((message: ReceiptMessage, peer: PeerId) => ReceiptReply | Promise<ReceiptReply>) | undefined;
  let handleJob: ((channel: Channel<JobReply, JobRequest>, peer: PeerId) => void | Promise<void>) | undefined;

  await answerOne<Hello, HelloReply>(
    PROTOCOLS.hello,
    helloSchema,
    (peer) => { refuseAbove(rates.hello.take(peer)); }, // prettier-ignore
    (message, peer) => {
      if (message.version !== PROTOCOL_VERSION) throw new ZpuError("VERSION_UNSUPPORTED", { theirs: message.version, ours: PROTOCOL_VERSION });
      if (!handleHello) throw new ZpuError("NOT_SUPPORTED", { what: "hello", alternatives: "Try again shortly." });
      return handleHello(message, peer);
    },
    (error) => ({ refused: error.toRecord() }),
  );
  await answerOne<ReceiptMessage, ReceiptReply>(
    PROTOCOLS.receipt,
    receiptMessage,
    (peer) => { refuseAbove(rates.receipts.take(peer)); }, // prettier-ignore
    (message, peer) => {
      if (!handleReceipt) throw new ZpuError("NOT_SUPPORTED", { what: "receipt", alternatives: "Send it to the job's provider." });
      return handleReceipt(message, peer);
    },
    (error) => ({ type: "refused", error: error.toRecord() }),
  );

  const openJobs = new Map<PeerId, number>();
  let openJobsTotal = 0;
  /** Job channels of both directions, broken off when the node stops so that the other side does not take it for an end. */
  const jobChannels = new Set<Channel<never, unknown>>();
  const track = (channel: Channel<never, unknown>): void => {
    jobChannels.add(channel);
    void channel.closed.then(() => jobChannels.delete(channel));
  };

  const serveJob = async (stream: Stream, connection: Connection): Promise<void> => {
    const peer = asPeer(connection.remotePeer);
    const channel: Channel<JobReply, JobRequest> = openChannel<JobReply, JobRequest>(stream, peer, {
      schema: jobRequest,
      maxFrameBytes: PROTOCOLS.job.maxFrameBytes,
      firstMessageMs: limits.firstMessageMs,
      frameMs: limits.frameMs,
      idleMs: limits.jobIdleMs,
      admit: () => { refuseAbove(rates.jobMessages.take(peer)); }, // prettier-ignore
      onViolation: (error) => {
        noteViolation(connection);
        lastWord(stream, () => channel.send({ type: "rejected", error: error.toRecord() }));
      },
    });
    const reject = async (error: ZpuError): Promise<void> => {
      await channel.send({ type: "rejected", error: error.toRecord() }).catch(() => undefined);
      await channel.close();
      // a reset at once could overtake the negotiation of the stream, and the reason with it
      await Promise.race([channel.closed, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
      channel.abort(error);
    };
    const open = openJobs.get(peer) ?? 0;
    if (open >= limits.jobStreamsPerPeer || openJobsTotal >= limits.jobStreamsTotal) return reject(new ZpuError("RATE_LIMITED", { retryMs: 1000 }));
    if (!handleJob) return reject(new ZpuError("NOT_SUPPORTED", { what: "job", alternatives: "Ask a provider." }));
    openJobs.set(peer, open + 1);
    openJobsTotal += 1;
    track(channel);
    void channel.closed.then(() => {
      openJobsTotal -= 1;
      const left = (openJobs.get(peer) ?? 1) - 1;
      if (left === 0) openJobs.delete(peer);
      else openJobs.set(peer, left);
    });
    try {
      await handleJob(channel, peer);
    } catch (error) {
      await reject(ZpuError.wrap(error));
    }
  };
  await libp2p.handle(PROTOCOLS.job.id, (stream, connection) => void serveJob(stream, connection), {
    maxInboundStreams: 32,
    maxOutboundStreams: 256,
  });

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
        const connection = await libp2p.dial(multiaddrs.map((text) => multiaddr(text)), { signal: signal ? AbortSignal.any([signal, limit]) : limit }); // prettier-ignore
        return asPeer(connection.remotePeer);
      } catch (error) {
        throw unreachable(error);
      }
    },
    async hangUp(peer) {
      await libp2p.hangUp(peerIdFromString(peer));
    },
    peers: () => libp2p.getPeers().map(asPeer),
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
    async openJob(peer) {
      const stream = await dialStream(peer, PROTOCOLS.job.id);
      const channel = openChannel<JobRequest, JobReply>(stream, peer, {
        schema: jobReply,
        maxFrameBytes: PROTOCOLS.job.maxFrameBytes,
        firstMessageMs: limits.jobIdleMs,
        frameMs: limits.frameMs,
        idleMs: limits.jobIdleMs,
      });
      track(channel);
      return channel;
    },
    onJob(handler) {
      handleJob = handler;
    },
    sendReceipt: (peer, message) => ask(peer, PROTOCOLS.receipt, message, receiptReply),
    onReceipt(handler) {
      handleReceipt = handler;
    },
    async stop() {
      for (const channel of jobChannels) channel.abort(new ZpuError("PEER_UNREACHABLE", { detail: "this node stops" }));
      await libp2p.stop();
    },
  };
}

/** Sends what `send` sends, if the stream still takes it; the reset that follows must not wait for it. */
function lastWord(stream: Stream, send: () => Promise<void>): void {
  if (stream.writeStatus === "writable") send().catch(() => undefined);
}
