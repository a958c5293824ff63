/** Which Pipe the page talks through: the preload's bridge inside Electron, a WebSocket to its own origin in a browser. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";

/** What the preload exposes as `window.zpu`: text frames in the form of ipc/rpc/wire. */
export interface Bridge {
  post(frame: string): void;
  onMessage(listener: (frame: string) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

declare global {
  interface Window {
    readonly zpu?: { open(): Bridge };
  }
}

/** A Pipe over a WebSocket. Frames posted before it is open wait; a frame that cannot be read closes it. */
export function webSocketPipe(socket: WebSocket): Pipe {
  const waiting: string[] = [];
  socket.addEventListener("open", () => {
    for (const frame of waiting.splice(0)) socket.send(frame);
  });
  return {
    post(message) {
      const frame = encodeText(message);
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(frame);
      else if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    onMessage(listener) {
      socket.addEventListener("message", (event: MessageEvent<unknown>) => {
        try {
          if (typeof event.data !== "string") throw new TypeError("only text frames are spoken");
          listener(decodeText(event.data));
        } catch {
          socket.close(4400, "unreadable frame");
        }
      });
    },
    onClose: (listener) => socket.addEventListener("close", listener, { once: true }),
    close: () => socket.close(),
  };
}

/** A Pipe over the preload's bridge; a frame that cannot be read closes it. */
export function bridgePipe(bridge: Bridge): Pipe {
  return {
    post: (message) => bridge.post(encodeText(message)),
    onMessage(listener) {
      bridge.onMessage((frame) => {
        try {
          listener(decodeText(frame));
        } catch {
          bridge.close();
        }
      });
    },
    onClose: (listener) => bridge.onClose(listener),
    close: () => bridge.close(),
  };
}

/** A new pipe to the node, by whichever way this page has. */
export function openPipe(): Pipe {
  if (window.zpu) return bridgePipe(window.zpu.open());
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  return webSocketPipe(new WebSocket(`${scheme}://${window.location.host}/pipe`));
}
