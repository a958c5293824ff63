/** The node's pages on loopback: static files under a strict policy, an address that is spent for a cookie, and the operator pipe on a WebSocket. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import type { Duplex } from "node:stream";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { describeError, ZpuError } from "@zpu/protocol/errors";
import { WebSocketServer, type WebSocket } from "ws";
import { signedOutPage } from "./signed-out-page.ts";
import type { Sessions } from "./web-sessions.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
const MAX_PIPES = 16;
const COOKIE_SECONDS = 30 * 24 * 3600;

/** What the web server needs. */
export interface WebOptions {
  /** Ports to try, in order; 0 takes any free one. */
  readonly ports: readonly number[];
  /** Folder of the built pages; may build them first. */
  pages(): Promise<string>;
  readonly sessions: Sessions;
  serveOn(pipe: Pipe): void;
}

export interface Web {
  readonly port: number;
  /** A fresh address, good for one browser. */
  freshUrl(): string;
  close(): Promise<void>;
}

/** The policy of every page: nothing but its own files, and its own WebSocket. `nonce` is new for each load. */
export function contentPolicy(port: number, nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    `connect-src ws://127.0.0.1:${port}`,
  ].join("; ");
}

/** The pipe over an open WebSocket: one text frame per message; anything else ends it. */
function pipeOverWebSocket(socket: WebSocket): Pipe {
  let listener: ((message: unknown) => void) | undefined;
  const waiting: unknown[] = [];
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    let message: unknown;
    try {
      if (isBinary || !(data instanceof Buffer)) throw new SyntaxError("not text");
      message = decodeText(data.toString("utf8"));
    } catch {
      socket.close(1007);
      return;
    }
    if (listener) listener(message);
    else waiting.push(message);
  });
  return {
    post(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
      else socket.send(encodeText(message));
    },
    onMessage(next) {
      listener = next;
      for (const message of waiting.splice(0)) next(message);
    },
    onClose: (closer) => void socket.once("close", closer),
    close: () => socket.close(),
  };
}

/** Serves on 127.0.0.1 only. PORT_TAKEN where none of the ports is free, CONFIG_INVALID where the system refuses one otherwise. */
export async function serveWeb(options: WebOptions): Promise<Web> {
  const { sessions } = options;
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  const port = await listenOn(server, options.ports);
  const host = `127.0.0.1:${port}`;
  const cookieName = `zpu_${port}`;
  const pipes = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });

  /** The name in the address must be ours (no other site may resolve to this server), and so must be the page that asks. */
  const fromHere = (request: IncomingMessage, originNeeded: boolean): boolean => {
    if (request.headers.host !== host) return false;
    const { origin } = request.headers;
    return origin === undefined ? !originNeeded : origin === `http://${host}`;
  };
  const session = (request: IncomingMessage): string | undefined =>
    (request.headers.cookie ?? "").split(/;\s*/).find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1); // prettier-ignore
  /** Sets what every answer carries; returns the nonce of its policy. */
  const headers = (response: ServerResponse): string => {
    const nonce = randomBytes(16).toString("base64");
    response.setHeader("content-security-policy", contentPolicy(port, nonce));
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-resource-policy", "same-origin");
    response.setHeader("cache-control", "no-store");
    return nonce;
  };
  const say = (response: ServerResponse, status: number, text: string): void => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  };
  const unauthorised = (response: ServerResponse, nonce: string): void => {
    const { sentence } = describeError({ code: "UNAUTHORISED", facts: {} });
    response.setHeader("vary", "accept");
    if ((response.req.headers.accept ?? "").includes("text/html")) {
      response.writeHead(401, { "content-type": "text/html; charset=utf-8" }).end(signedOutPage(sentence, nonce));
    } else {
      say(response, 401, `${sentence} Open the address that the node printed; each is good for one browser. A fresh one: npx zpu-node open`);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const nonce = headers(response);
    if (!fromHere(request, false)) return say(response, 403, "This address is for pages of this node on this machine only.");
    if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405, "Only reading is possible here.");
    // Read behind our own name: "//" or an absolute target is a path here, never another address.
    const url = URL.parse(`http://${host}${request.url ?? "/"}`);
    if (url?.host !== host) return say(response, 400, "This is no address of a page.");
    const token = url.searchParams.get("token");
    if (token !== null) {
      const opened = sessions.spend(token);
      if (opened !== undefined)
        response.setHeader("set-cookie", `${cookieName}=${opened}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${COOKIE_SECONDS}`);
      else if (!sessions.knows(session(request))) return unauthorised(response, nonce);
      response.writeHead(303, { location: url.pathname.replace(/^\/+/, "/") }).end();
      return;
    }
    if (!sessions.knows(session(request))) return unauthorised(response, nonce);
    await sendFile(await options.pages(), url.pathname, response);
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) say(response, 500, `The page could not be served: ${error instanceof Error ? error.message : String(error)}`);
      else response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    socket.on("error", () => socket.destroy());
    if (!fromHere(request, true)) return refuse("403 Forbidden");
    // Compared as it came: any page on the web may send any target, and one that is no address must not throw here.
    if ((request.url ?? "").split("?")[0] !== "/pipe") return refuse("404 Not Found");
    if (!sessions.knows(session(request))) return refuse("401 Unauthorized");
    if (pipes.clients.size >= MAX_PIPES) return refuse("503 Service Unavailable");
    pipes.handleUpgrade(request, socket, head, (opened) => options.serveOn(pipeOverWebSocket(opened)));
  });
  return {
    port,
    freshUrl: () => `http://${host}/?token=${sessions.token()}`,
    close: () =>
      new Promise((done) => {
        for (const client of pipes.clients) client.terminate();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function listenOn(server: Server, ports: readonly number[]): Promise<number> {
  for (const [index, port] of ports.entries()) {
    try {
      await new Promise<void>((done, fail) => {
        server.once("error", fail);
        server.listen(port, "127.0.0.1", () => {
          server.off("error", fail);
          done();
        });
      });
      const address = server.address();
      if (typeof address === "object" && address !== null) return address.port;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE") throw new ZpuError("CONFIG_INVALID", { name: "--port", detail: `${port} cannot be used (${message})` }, error);
      if (index === ports.length - 1) throw new ZpuError("PORT_TAKEN", { port, option: "--port" }, error);
    }
  }
  throw new ZpuError("CONFIG_INVALID", { name: "--port", detail: "there is no port to listen on" });
}

/** One file of `folder`; a path without an extension is a screen of the app and gets its page. */
async function sendFile(folder: string, pathname: string, response: ServerResponse): Promise<void> {
  let path: string;
  try {
    path = normalize(join(folder, decodeURIComponent(pathname)));
  } catch {
    path = "";
  }
  if (!path.startsWith(folder + sep) && path !== folder && path !== folder + sep) {
    response.writeHead(404).end();
    return;
  }
  const file = extname(path) === "" ? join(folder, "index.html") : path;
  try {
    const bytes = await readFile(file);
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-length": bytes.length });
    response.end(response.req.method === "HEAD" ? undefined : bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" && (error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("There is no such page.\n");
  }
}
