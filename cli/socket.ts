/** The operator pipe on a local socket (a named pipe on Windows): one line of text per message, for this user alone. */
import { createHash } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { connect as dial, createServer, type Server, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { ZpuError } from "@zpu/protocol/errors";
import { makeFolder } from "@zpu/provider/base/folders";

/** The kernel's limit for the name of a local socket, with room to spare. */
const MAX_NAME_BYTES = 100;
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const MAX_CLIENTS = 32;

/** Where the node of `dataDir` listens. A folder with a long name gets its socket in a private temporary folder. */
export function socketPath(dataDir: string): string {
  const folder = resolve(dataDir);
  const short = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\zpu-node-${short}`;
  const path = join(folder, "operator.sock");
  return Buffer.byteLength(path) <= MAX_NAME_BYTES ? path : join(tmpdir(), `zpu-${userInfo().uid}`, `${short}.sock`);
}

/** The pipe over an open socket. A line that is too long or not a message ends the connection. */
export function pipeOverSocket(socket: Socket): Pipe {
  let listener: ((message: unknown) => void) | undefined;
  const waiting: unknown[] = [];
  const closers: (() => void)[] = [];
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    for (const closer of closers.splice(0)) closer();
  });
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES) return void socket.destroy();
    for (const line of lines) {
      let message: unknown;
      try {
        message = decodeText(line);
      } catch {
        return void socket.destroy();
      }
      if (listener) listener(message);
      else waiting.push(message);
    }
  });
  return {
    post(message) {
      if (socket.destroyed) return;
      // A client that does not read is let go instead of filling this process's memory.
      if (socket.writableLength > MAX_LINE_BYTES) socket.destroy();
      else socket.write(`${encodeText(message)}\n`);
    },
    onMessage(next) {
      listener = next;
      for (const message of waiting.splice(0)) next(message);
    },
    onClose(closer) {
      if (socket.destroyed) closer();
      else closers.push(closer);
    },
    close: () => void socket.destroy(),
  };
}

/** Listens at `path`; call it only while holding the data directory's lock, for a socket left behind is removed. */
export async function listenLocal(path: string, serveOn: (pipe: Pipe) => void): Promise<{ close(): Promise<void> }> {
  const clients = new Set<Socket>();
  const server: Server = createServer((socket) => {
    if (clients.size >= MAX_CLIENTS) return void socket.destroy();
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    serveOn(pipeOverSocket(socket));
  });
  if (process.platform !== "win32") {
    makeFolder(dirname(path));
    rmSync(path, { force: true });
  }
  const listening = new Promise<void>((done, fail) => {
    server.once("error", fail);
    // The socket is made within this call: nothing else is created under the narrow mask.
    const umask = process.umask(0o177);
    server.listen(path, done);
    process.umask(umask);
  });
  await listening;
  if (process.platform !== "win32") chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const client of clients) client.destroy();
      }),
  };
}

/** Connects to the node of `dataDir`; NOT_RUNNING where nobody listens. */
export function dialLocal(dataDir: string): Promise<Pipe> {
  return new Promise((done, fail) => {
    const socket = dial(socketPath(dataDir));
    socket.once("error", (error) => fail(new ZpuError("NOT_RUNNING", {}, error)));
    socket.once("connect", () => done(pipeOverSocket(socket)));
  });
}
