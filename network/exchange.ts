/** Protocols of one question and one answer, each on a stream of its own: hello and receipt. */
import type { Stream } from "@libp2p/interface";
import { ZpuError } from "@zpu/protocol/errors";
import type { PeerId } from "@zpu/protocol/ids";
import type { z } from "zod";
import { openChannel, type Channel } from "./channel.ts";
import type { Limits } from "./limits.ts";

/** Id of a protocol and its largest frame. */
export interface Protocol {
  readonly id: string;
  readonly maxFrameBytes: number;
}

type Times = Pick<Limits, "firstMessageMs" | "frameMs">;
const timesOf = ({ firstMessageMs, frameMs }: Times) => ({ firstMessageMs, frameMs, idleMs: firstMessageMs });

/** Sends `question` on a fresh stream and answers what comes back; throws PEER_UNREACHABLE where nothing does. */
export async function askOnce<Question, Answer>(
  stream: Stream,
  peer: PeerId,
  protocol: Protocol,
  question: Question,
  schema: z.ZodType<Answer>,
  times: Times,
): Promise<Answer> {
  const channel = openChannel<Question, Answer>(stream, peer, { schema, maxFrameBytes: protocol.maxFrameBytes, ...timesOf(times) });
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
}

/** How a question is answered. */
export interface Answering<Question, Answer> {
  readonly protocol: Protocol;
  readonly schema: z.ZodType<Question>;
  readonly times: Times;
  /** Throws where this peer asks too often. */
  readonly admit: () => void;
  readonly onViolation: () => void;
  /** Called where the question was answered and not refused. */
  readonly onAnswered: () => void;
  readonly answer: (question: Question) => Answer | Promise<Answer>;
  /** An error as an answer. */
  readonly refuse: (error: ZpuError) => Answer;
}

/** Answers the one question of a stream; whatever goes wrong is answered too, where there is still someone to answer. Never rejects. */
export async function answerOnce<Question, Answer>(stream: Stream, peer: PeerId, how: Answering<Question, Answer>): Promise<void> {
  const channel: Channel<Answer, Question> = openChannel<Answer, Question>(stream, peer, {
    schema: how.schema,
    maxFrameBytes: how.protocol.maxFrameBytes,
    ...timesOf(how.times),
    admit: how.admit,
    onViolation: (error) => {
      how.onViolation();
      lastWord(stream, () => channel.send(how.refuse(error)));
    },
  });
  try {
    const question = await channel.next();
    if (question === undefined) return await channel.close();
    let reply: Answer;
    try {
      reply = await how.answer(question);
      how.onAnswered();
    } catch (error) {
      reply = how.refuse(ZpuError.wrap(error));
    }
    await channel.send(reply);
    await channel.close();
  } catch (error) {
    channel.abort(ZpuError.wrap(error));
  }
}

/** Sends what `send` sends, if the stream still takes it; the reset that follows does not wait for it. */
export function lastWord(stream: Stream, send: () => Promise<void>): void {
  if (stream.writeStatus === "writable") send().catch(() => undefined);
}
