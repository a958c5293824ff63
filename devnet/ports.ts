/** Loopback ports: the preferred one, or the next free one. */
import { createServer, type Server } from "node:net";
import type { Server as HttpServer } from "node:http";

const TRIES = 50;

function bind(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off("listening", bound);
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    };
    const bound = (): void => {
      server.off("error", failed);
      resolve(true);
    };
    server.once("error", failed);
    server.once("listening", bound);
    server.listen(port, "127.0.0.1");
  });
}

/** Binds `server` to 127.0.0.1 at `port` or the next free one (0: any) and returns the port. */
export async function listen(server: Server, port: number): Promise<number> {
  for (let step = 0; step < TRIES; step += 1) {
    if (!(await bind(server, port === 0 ? 0 : port + step))) continue;
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) return bound.port;
  }
  throw new Error(`no free loopback port from ${port} to ${port + TRIES - 1}`);
}

/** The first free loopback port from `port` on; somebody else may still take it before it is used. */
export async function freePort(port: number): Promise<number> {
  const probe = createServer();
  const free = await listen(probe, port);
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return free;
}

/** Ends `server` now, open connections included. */
export function closeServer(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
