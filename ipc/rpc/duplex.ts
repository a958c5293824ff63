/** Two contracts on one pipe, one per direction: requests go to this side's server, answers to this side's client. */
import type { Pipe } from "./pipe.ts";

const ANSWERS = new Set(["ok", "error", "state"]);

/** Splits `pipe` so that `connect` can work on `client` and `serve` on `server` at the same time. */
export function duplex(pipe: Pipe): { client: Pipe; server: Pipe } {
  interface Side {
    listener?: (message: unknown) => void;
    waiting: unknown[];
    closers: (() => void)[];
  }
  const sides: { client: Side; server: Side } = { client: { waiting: [], closers: [] }, server: { waiting: [], closers: [] } };
  pipe.onMessage((message) => {
    const tag = typeof message === "object" && message !== null && "t" in message ? message.t : undefined;
    const side = typeof tag === "string" && ANSWERS.has(tag) ? sides.client : sides.server;
    if (side.listener) side.listener(message);
    else side.waiting.push(message);
  });
  pipe.onClose(() => {
    for (const closer of [...sides.client.closers, ...sides.server.closers]) closer();
  });
  const half = (side: Side): Pipe => ({
    post: (message) => pipe.post(message),
    onMessage(listener) {
      side.listener = listener;
      for (const message of side.waiting.splice(0)) listener(message);
    },
    onClose: (listener) => void side.closers.push(listener),
    close: () => pipe.close(),
  });
  return { client: half(sides.client), server: half(sides.server) };
}
