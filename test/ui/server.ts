/** Serves the built page and the operator contract the way a node does in browser mode: loopback, strict CSP, text frames on /pipe. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { operator } from "@zpu/ipc/operator/contract";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import type { ScriptedNode } from "./scripted-node.ts";

const DIST = fileURLToPath(new URL("../../renderer/dist", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** The Content-Security-Policy of browser mode. */
export const contentSecurityPolicy = (port: number): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'nonce-dGVzdA'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ws://127.0.0.1:${port}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");

function socketPipe(socket: WebSocket): Pipe {
  return {
    post: (message) => socket.send(encodeText(message)),
    onMessage: (listener) => socket.on("message", (data: RawData) => listener(decodeText((data as Buffer).toString("utf8")))),
    onClose: (listener) => socket.once("close", listener),
    close: () => socket.close(),
  };
}

export interface UiServer {
  readonly url: string;
  /** While false, every connection to /pipe is refused and the open ones are cut. */
  answer(yes: boolean): void;
  close(): Promise<void>;
}

/** Starts the server for `node` on a free loopback port. */
export async function startUiServer(node: ScriptedNode): Promise<UiServer> {
  let answering = true;
  let port = 0;
  const sockets = new Set<WebSocket>();
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://page").pathname);
    const file = path === "/" ? "index.html" : path;
    readFile(join(DIST, file)).then(
      (body) => {
        response.writeHead(200, {
          "content-type": TYPES[extname(file)] ?? "application/octet-stream",
          "content-security-policy": contentSecurityPolicy(port),
          "x-content-type-options": "nosniff",
        });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  const sessions = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (!answering || request.url !== "/pipe") {
      socket.destroy();
      return;
    }
    sessions.handleUpgrade(request, socket, head, (session) => {
      sockets.add(session);
      session.once("close", () => sockets.delete(session));
      serve(operator, node.handlers, socketPipe(session));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}/`,
    answer(yes) {
      answering = yes;
      if (!yes) for (const socket of sockets) socket.terminate();
    },
    async close() {
      for (const socket of sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
