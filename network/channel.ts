/** A stream as parsed messages: framed, limited in size, time and number, with back-pressure both ways. */
import type { Stream } from "@libp2p/interface";
import { ZpuError } from "@zpu/protocol/errors";
import { decodeBody, encodeFrame, FrameDecoder } from "@zpu/protocol/frames";
import type { PeerId } from "@zpu/protocol/ids";
import type { z } from "zod";

/**
 * One open stream. Iteration yields the other side's messages; it ends when that side has closed, and throws the ZpuError
 * where the stream broke (PEER_UNREACHABLE) or the other side broke the rules (its code). One iteration per channel.
 */
export interface Channel<Out, In> extends AsyncIterable<In> {
  readonly peer: PeerId;
  /** Resolves once the message is handed to the connection; waits while the other side does not read. Throws PEER_UNREACHABLE or TIMEOUT. */
  send(message: Out): Promise<void>;
  /** The next message, or undefined where the other side has closed. */
  next(): Promise<In | undefined>;
  /** Closes this side once everything sent is out; the other side may still send. */
  close(): Promise<void>;
  /** Resets the stream at once. */
  abort(error: ZpuError): void;
  /** Resolves when the stream is gone, with the error where there was one; never rejects. */
  readonly closed: Promise<ZpuError | undefined>;
}

/** Rules of a channel. Times are milliseconds. */
export interface ChannelRules<In> {
  readonly schema: z.ZodType<In>;
  readonly maxFrameBytes: number;
  /** From opening to the first message. */
  readonly firstMessageMs: number;
  /** From the first byte of a message to its last. */
  readonly frameMs: number;
  /** Longest silence between messages, and longest wait for the other side to read. */
  readonly idleMs: number;
  /** Called for each message before it is decoded; throws what refuses it. */
  readonly admit?: () => void;
  /** Called for each message that fits the schema. */
  readonly onMessage?: () => void;
  /** Told of a broken rule before the stream is reset; may send a last message. */
  readonly onViolation?: (error: ZpuError) => void;
}

/** Reading stops while this much is parsed and not yet consumed. */
const HIGH_WATER_BYTES = 65_536;
const HIGH_WATER_MESSAGES = 32;

const broken = (detail: string, cause?: unknown): ZpuError => new ZpuError("PEER_UNREACHABLE", { detail }, cause);

/** Makes a channel of `stream`; the channel owns it from here on. */
export function openChannel<Out, In>(stream: Stream, peer: PeerId, rules: ChannelRules<In>): Channel<Out, In> {
  const decoder = new FrameDecoder(rules.maxFrameBytes);
  const queue: { message: In; bytes: number }[] = [];
  let queuedBytes = 0;
  let paused = false;
  let received = 0;
  let ended: { error?: ZpuError } | undefined;
  let waiting: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<ZpuError | undefined>();

  const arm = (ms: number, waitingFor: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => { violate(new ZpuError("TIMEOUT", { ms, waiting: waitingFor })); }, ms); // prettier-ignore
    timer.unref();
  };

  const end = (error?: ZpuError): void => {
    if (ended) return;
    ended = error ? { error } : {};
    clearTimeout(timer);
    waiting?.();
  };

  const violate = (error: ZpuError): void => {
    if (ended?.error) return;
    rules.onViolation?.(error);
    end(error);
    stream.abort(error);
  };

  const setPaused = (value: boolean): void => {
    if (paused === value) return;
    paused = value;
    if (stream.readStatus === "closed" || stream.readStatus === "closing") return;
    if (!value) return stream.resume();
    stream.pause();
    clearTimeout(timer); // it is this side that keeps the other waiting
  };

  const onBytes = (chunk: Uint8Array): void => {
    for (const body of decoder.push(chunk)) {
      rules.admit?.();
      const message = decodeBody(body, rules.schema);
      received += 1;
      rules.onMessage?.();
      queue.push({ message, bytes: body.length });
      queuedBytes += body.length;
      waiting?.();
    }
  };

  stream.addEventListener("message", (event) => {
    if (ended) return;
    const before = received;
    const wasIdle = decoder.idle;
    try {
      if (event.data instanceof Uint8Array) onBytes(event.data);
      else for (const part of event.data) onBytes(part);
    } catch (error) {
      violate(ZpuError.wrap(error));
      return;
    }
    if (!decoder.idle && (wasIdle || received > before)) arm(rules.frameMs, "a message is arriving");
    else if (decoder.idle) arm(rules.idleMs, "waiting for the next message");
    if (queuedBytes >= HIGH_WATER_BYTES || queue.length >= HIGH_WATER_MESSAGES) setPaused(true);
  });
  let finished = false;
  stream.addEventListener("remoteCloseWrite", () => { finished = true; }); // prettier-ignore
  const onEnd = (): void => {
    if (ended) return;
    if (!finished) return end(broken("the connection was lost"));
    if (!decoder.idle) return violate(new ZpuError("MALFORMED_MESSAGE", { detail: "the stream ended in the middle of a message" }));
    end();
    timer = setTimeout(() => { stream.abort(new Error("this side did not close in time")); }, rules.idleMs); // prettier-ignore
    timer.unref();
  };
  stream.addEventListener("end", onEnd);
  stream.addEventListener("close", (event) => {
    setPaused(false); // what was buffered before the close is still delivered
    if (event.error) end(broken("the stream was reset", event.error));
    else onEnd();
    clearTimeout(timer);
    resolveClosed(ended?.error);
  });
  if (stream.status === "open" || stream.status === "closing") arm(rules.firstMessageMs, "waiting for the first message");
  else {
    end(broken("the stream is already closed"));
    resolveClosed(ended?.error);
  }

  const drained = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const finish = (error?: ZpuError): void => {
        clearTimeout(limit);
        stream.removeEventListener("drain", onDrain);
        stream.removeEventListener("close", onClose);
        if (error) reject(error);
        else resolve();
      };
      const onDrain = (): void => { finish(); }; // prettier-ignore
      const onClose = (): void => { finish(broken("the stream was closed while sending")); }; // prettier-ignore
      const limit = setTimeout(() => {
        const error = new ZpuError("TIMEOUT", { ms: rules.idleMs, waiting: "the other side does not read" });
        finish(error);
        violate(error);
      }, rules.idleMs);
      stream.addEventListener("drain", onDrain);
      stream.addEventListener("close", onClose);
    });

  const next = async (): Promise<In | undefined> => {
    for (;;) {
      const first = queue.shift();
      if (first) {
        queuedBytes -= first.bytes;
        if (queuedBytes < HIGH_WATER_BYTES && queue.length < HIGH_WATER_MESSAGES && paused) {
          setPaused(false);
          if (!ended && decoder.idle) arm(rules.idleMs, "waiting for the next message");
        }
        return first.message;
      }
      if (ended?.error) throw ended.error;
      if (ended) return undefined;
      await new Promise<void>((resolve) => { waiting = resolve; }); // prettier-ignore
      waiting = undefined;
    }
  };

  return {
    peer,
    closed,
    next,
    async send(message) {
      if (ended?.error) throw ended.error;
      const frame = encodeFrame(message, rules.maxFrameBytes);
      let room: boolean;
      try {
        room = stream.send(frame);
      } catch (error) {
        throw broken("the stream is closed", error);
      }
      if (!room && stream.writableNeedsDrain) await drained();
      if (!ended && decoder.idle && received > 0) arm(rules.idleMs, "waiting for the next message");
    },
    async close() {
      await stream.close({ signal: AbortSignal.timeout(rules.frameMs) }).catch((error: unknown) => {
        stream.abort(error instanceof Error ? error : new Error("close failed"));
      });
    },
    abort(error) {
      end(error);
      stream.abort(error);
    },
    async *[Symbol.asyncIterator]() {
      for (let message = await next(); message !== undefined; message = await next()) yield message;
    },
  };
}
