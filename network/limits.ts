/** What a node puts up with from its peers. */
import type { Rate } from "./rate-limit.ts";

/** Limits of one node; times in milliseconds. */
export interface Limits {
  readonly maxConnections: number;
  /** Connections that have not finished their handshake. */
  readonly maxPendingConnections: number;
  readonly connectionsPerSecondPerHost: number;
  readonly handshakeMs: number;
  readonly dialMs: number;
  readonly hello: Rate;
  readonly helloTotal: Rate;
  readonly jobStreamsPerPeer: number;
  readonly jobStreamsTotal: number;
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
  maxPendingConnections: 20,
  connectionsPerSecondPerHost: 20,
  handshakeMs: 10_000,
  dialMs: 10_000,
  hello: { perSecond: 1, burst: 3 },
  helloTotal: { perSecond: 100, burst: 200 },
  jobStreamsPerPeer: 8,
  jobStreamsTotal: 256,
  jobMessages: { perSecond: 50, burst: 100 },
  jobMessagesTotal: { perSecond: 2000, burst: 4000 },
  receipts: { perSecond: 20, burst: 40 },
  receiptsTotal: { perSecond: 1000, burst: 2000 },
  violations: { perSecond: 0.5, burst: 20 },
  firstMessageMs: 10_000,
  frameMs: 10_000,
  jobIdleMs: 600_000,
};
