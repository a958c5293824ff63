/** Job streams: how a job arrives. Framed, parsed, limited in number and rate, and told why where it is refused. */
import type { Stream } from "@libp2p/interface";
import { ZpuError } from "@zpu/protocol/errors";
import type { PeerId } from "@zpu/protocol/ids";
import { jobReply, jobRequest, PROTOCOLS, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import { openChannel, type Channel } from "./channel.ts";
import { lastWord } from "./exchange.ts";
import type { Limits } from "./limits.ts";

/** A job stream as the provider has it; it owns the channel: reads, answers, closes. */
export type JobHandler = (channel: Channel<JobReply, JobRequest>, peer: PeerId) => void | Promise<void>;

/** What the serving of a stream tells about the connection it came on. */
export interface StreamEvents {
  /** The other side broke a rule. */
  readonly onViolation: () => void;
  /** The stream was refused as one too many, or since no jobs are taken here. */
  readonly onRefusal: () => void;
  /** A message arrived that fits the protocol. */
  readonly onMessage: () => void;
}

/** The job streams of one node, both directions. */
export interface JobStreams {
  /** Gives an incoming stream to `handler`, or refuses it. Never rejects. */
  serve(stream: Stream, peer: PeerId, handler: JobHandler | undefined, events: StreamEvents): Promise<void>;
  /** The requestor's end of a stream just opened. */
  open(stream: Stream, peer: PeerId): Channel<JobRequest, JobReply>;
  /** Breaks every stream off, so that the other side does not take it for an end. */
  breakAll(): void;
}

/** How long a refused stream may linger for its reason to be read. */
const REFUSAL_MS = 1000;

/** Job streams under `limits`; `admitMessage` throws where a peer sends too much. */
export function createJobStreams(limits: Limits, admitMessage: (peer: PeerId) => void): JobStreams {
  const { maxFrameBytes } = PROTOCOLS.job;
  const openPerPeer = new Map<PeerId, number>();
  let openTotal = 0;
  const channels = new Set<Channel<never, unknown>>();
  const track = (channel: Channel<never, unknown>): void => {
    channels.add(channel);
    void channel.closed.then(() => channels.delete(channel));
  };
  const count = (peer: PeerId, change: 1 | -1): void => {
    openTotal += change;
    const open = (openPerPeer.get(peer) ?? 0) + change;
    if (open === 0) openPerPeer.delete(peer);
    else openPerPeer.set(peer, open);
  };

  return {
    async serve(stream, peer, handler, { onViolation, onRefusal, onMessage }) {
      const channel: Channel<JobReply, JobRequest> = openChannel<JobReply, JobRequest>(stream, peer, {
        schema: jobRequest,
        maxFrameBytes,
        firstMessageMs: limits.firstMessageMs,
        frameMs: limits.frameMs,
        idleMs: limits.jobIdleMs,
        admit: () => { admitMessage(peer); }, // prettier-ignore
        onMessage,
        onViolation: (error) => {
          onViolation();
          lastWord(stream, () => channel.send({ type: "rejected", error: error.toRecord() }));
        },
      });
      const refuse = async (error: ZpuError): Promise<void> => {
        await channel.send({ type: "rejected", error: error.toRecord() }).catch(() => undefined);
        await channel.close();
        // a reset at once could overtake the negotiation of the stream, and the reason with it
        await Promise.race([channel.closed, new Promise((resolve) => setTimeout(resolve, REFUSAL_MS).unref())]);
        channel.abort(error);
      };
      if ((openPerPeer.get(peer) ?? 0) >= limits.jobStreamsPerPeer || openTotal >= limits.jobStreamsTotal) {
        onRefusal();
        return refuse(new ZpuError("RATE_LIMITED", { retryMs: REFUSAL_MS }));
      }
      if (!handler) {
        onRefusal();
        return refuse(new ZpuError("NOT_SUPPORTED", { what: "job", alternatives: "Ask a provider." }));
      }
      count(peer, 1);
      track(channel);
      void channel.closed.then(() => { count(peer, -1); }); // prettier-ignore
      try {
        await handler(channel, peer);
      } catch (error) {
        await refuse(ZpuError.wrap(error));
      }
    },
    open(stream, peer) {
      const channel = openChannel<JobRequest, JobReply>(stream, peer, {
        schema: jobReply,
        maxFrameBytes,
        firstMessageMs: limits.jobIdleMs,
        frameMs: limits.frameMs,
        idleMs: limits.jobIdleMs,
      });
      track(channel);
      return channel;
    },
    breakAll() {
      for (const channel of channels) channel.abort(new ZpuError("PEER_UNREACHABLE", { detail: "this node stops" }));
    },
  };
}
