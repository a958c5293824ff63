/** The launcher's end of a node's operator socket: one line of text per message. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { ZpuError } from "@zpu/protocol/errors";

/** Connects to the operator socket at `path`; NOT_RUNNING where nobody listens. */
export function openSocketPipe(path: string): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const closers: (() => void)[] = [];
    let listener: ((message: unknown) => void) | undefined;
    const waiting: unknown[] = [];
    // Before the connection stands this is the refusal; later the close that follows says all there is to say.
    socket.on("error", (error) => reject(new ZpuError("NOT_RUNNING", {}, error)));
    socket.once("close", () => {
      for (const closer of closers) closer();
    });
    socket.once("connect", () => {
      const lines = createInterface({ input: socket });
      lines.on("error", () => socket.destroy()); // it passes the socket's errors on
      lines.on("line", (line) => {
        const message = decodeText(line);
        if (listener) listener(message);
        else waiting.push(message);
      });
      resolve({
        post: (message) => void socket.write(`${encodeText(message)}\n`),
        onMessage(next) {
          listener = next;
          for (const message of waiting.splice(0)) next(message);
        },
        onClose: (closer) => void closers.push(closer),
        close: () => void socket.destroy(),
      });
    });
  });
}
