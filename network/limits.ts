/** What a node puts up with from its peers. */
import type { Rate } from "./rate-limit.ts";

/**
 * Limits of one node; times in milliseconds. A host is an IPv4 address or an IPv6 /64 (`hostOf`): machines behind one address, those
 * on loopback among them, share what one host may have.
 */
export interface Limits {
  readonly maxConnections: number;
  /** Inbound connections that have not finished their handshake, of all hosts together; far above one host's share. */
  readonly maxPendingConnections: number;
  readonly connectionsPerSecondPerHost: number;
  /** Inbound connections of one host that have not finished their handshake. */
  readonly pendingConnectionsPerHost: number;
  /** Inbound connections of one host, open or pending; enough for a rig of many providers behind one address. */
  readonly connectionsPerHost: number;
  /** Inbound connections of one peer: one, and another while the loss of the first is not noticed yet. */
  readonly connectionsPerPeer: number;
  /** From the opening of an inbound connection to the first hello or receipt answered, or job message received; after that it is closed. */
  readonly purposeMs: number;
  /** Dialled peers whose addresses are kept once they have left; others are forgotten. */
  readonly rememberedPeers: number;
  readonly handshakeMs: number;
  readonly dialMs: number;
  readonly hello: Rate;
  readonly helloTotal: Rate;
  readonly jobStreamsPerPeer: number;
  readonly jobStreamsTotal: number;
  /** Job streams refused for their number that a peer may open; beyond that its connection is closed. */
  readonly refusedJobStreams: Rate;
  readonly jobMessages: Rate;
  readonly jobMessagesTotal: Rate;
  readonly receipts: Rate;
  readonly receiptsTotal: Rate;
  /** Broken rules a peer is forgiven; beyond that its connections are closed. */
  readonly violations: Rate;
  /** From the opening of a stream to its first message. */
  readonly firstMessageMs: number;
  /** From the first byte of a message to its last. */
  readonly frameMs: number;
  /** Longest silence on a job stream; a broken connection is noticed much sooner, by ping. */
  readonly jobIdleMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxConnections: 100,
  maxPendingConnections: 64,
  connectionsPerSecondPerHost: 20,
  pendingConnectionsPerHost: 8,
  connectionsPerHost: 32,
  connectionsPerPeer: 2,
  purposeMs: 30_000,
  rememberedPeers: 1024,
  handshakeMs: 10_000,
  dialMs: 10_000,
  hello: { perSecond: 1, burst: 3 },
  helloTotal: { perSecond: 100, burst: 200 },
  jobStreamsPerPeer: 8,
  jobStreamsTotal: 256,
  refusedJobStreams: { perSecond: 5, burst: 50 },
  jobMessages: { perSecond: 50, burst: 100 },
  jobMessagesTotal: { perSecond: 2000, burst: 4000 },
  receipts: { perSecond: 20, burst: 40 },
  receiptsTotal: { perSecond: 1000, burst: 2000 },
  violations: { perSecond: 0.5, burst: 20 },
  firstMessageMs: 10_000,
  frameMs: 10_000,
  jobIdleMs: 600_000,
};
