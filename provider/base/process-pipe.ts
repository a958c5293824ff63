/** The child's end of the pipe to its parent: `process.send` under the CLI, the parent port of a utility process under Electron. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { data: unknown }) => void): void;
}

/** Messages that came before anybody listened are kept, in order, and handed to the first listener. */
interface Inbox {
  deliver(message: unknown): void;
  listen(listener: (message: unknown) => void): void;
}

function inbox(): Inbox {
  let listener: ((message: unknown) => void) | undefined;
  const waiting: unknown[] = [];
  return {
    deliver(message) {
      if (listener) listener(message);
      else waiting.push(message);
    },
    listen(next) {
      listener = next;
      for (const message of waiting.splice(0)) next(message);
    },
  };
}

/**
 * The pipe of this process to the one that started it. Values are structured-clone data. The process is expected to end when the
 * pipe closes: `onClose` fires once the parent is gone. Throws where the process was not started with a pipe.
 */
export function processPipe(): Pipe {
  const box = inbox();
  const closers: (() => void)[] = [];
  const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;
  if (parentPort) {
    parentPort.on("message", (event) => box.deliver(event.data));
    return {
      post: (message) => parentPort.postMessage(message),
      onMessage: (listener) => box.listen(listener),
      onClose: (listener) => void closers.push(listener),
      close: () => process.exit(0),
    };
  }
  if (process.send === undefined) throw new Error("this file is the entry of a worker process; it is started by the node, not by hand");
  process.on("message", (message) => box.deliver(message));
  process.once("disconnect", () => {
    for (const closer of closers) closer();
  });
  return {
    post(message) {
      if (process.connected) process.send?.(message, undefined, {}, () => undefined);
    },
    onMessage: (listener) => box.listen(listener),
    onClose: (listener) => void closers.push(listener),
    close() {
      if (process.connected) process.disconnect();
    },
  };
}

/** Ends this process once its parent is gone, and leaves Ctrl-C to the parent, which stops its processes in order. */
export function endWithParent(pipe: Pipe): void {
  process.on("SIGINT", () => undefined);
  pipe.onClose(() => process.exit(0));
}
