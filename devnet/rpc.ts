/** JSON-RPC over HTTP on loopback: the only way into the embedded chain from other processes. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { RpcError, type Chain } from "./chain.ts";
import { closeServer, listen } from "./ports.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_BATCH = 100;

const rpcCall = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string().max(64), z.number(), z.null()]).optional(),
  method: z.string().max(64),
  params: z.array(z.unknown()).max(16).optional(),
});

type Answer = { jsonrpc: "2.0"; id: string | number | null } & ({ result: unknown } | { error: { code: number; message: string; data?: string } });

/** A running JSON-RPC server. */
export interface RpcServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface RpcOptions {
  readonly port: number;
  /** Lets a test put the chain's clock ahead (`evm_increaseTime`). Never set outside tests. */
  readonly testMode?: boolean;
}

/** Reads a request body of at most `maxBytes`; undefined where it is longer. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether a request names this very server: a web page that rebinds a name to loopback, or sends from its own origin, does not. */
export function isLocalRequest(request: IncomingMessage, port: number): boolean {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  return request.headers.origin === undefined && names.includes(request.headers.host ?? "");
}

async function answerOne(chain: Chain, value: unknown, testMode: boolean): Promise<Answer> {
  const parsed = rpcCall.safeParse(value);
  if (!parsed.success) return { jsonrpc: "2.0", id: null, error: { code: -32600, message: "not a JSON-RPC request" } };
  const { method, params = [], id = null } = parsed.data;
  try {
    if (testMode && method === "evm_increaseTime") {
      chain.advanceTime(z.tuple([z.number().int().nonnegative()]).parse(params)[0]);
      return { jsonrpc: "2.0", id, result: null };
    }
    return { jsonrpc: "2.0", id, result: await chain.request({ method, params }) };
  } catch (error) {
    if (!(error instanceof RpcError))
      return { jsonrpc: "2.0", id, error: { code: -32603, message: error instanceof Error ? error.message : "internal error" } };
    return { jsonrpc: "2.0", id, error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) } };
  }
}

async function answerBody(chain: Chain, body: Buffer, testMode: boolean): Promise<Answer | Answer[]> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return { jsonrpc: "2.0", id: null, error: { code: -32700, message: "not JSON" } };
  }
  if (!Array.isArray(value)) return answerOne(chain, value, testMode);
  if (value.length === 0 || value.length > MAX_BATCH)
    return { jsonrpc: "2.0", id: null, error: { code: -32600, message: `a batch holds 1 to ${MAX_BATCH} requests` } };
  // One after another: the second of two transactions of one sender needs the first.
  const answers: Answer[] = [];
  for (const item of value) answers.push(await answerOne(chain, item, testMode));
  return answers;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`);
}

/** Serves `chain` at http://127.0.0.1:port (the next free one where it is taken). */
export async function serveRpc(chain: Chain, options: RpcOptions): Promise<RpcServer> {
  const testMode = options.testMode ?? false;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isLocalRequest(request, (server.address() as AddressInfo).port))
      return refuse(response, 403, "only programs on this machine may ask, by its loopback address");
    if (request.method !== "POST") return refuse(response, 405, "JSON-RPC is POSTed");
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return refuse(response, 415, "content-type must be application/json");
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === undefined) return refuse(response, 413, `at most ${MAX_BODY_BYTES} bytes`);
    const text = JSON.stringify(await answerBody(chain, body, testMode));
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 60_000;
  const port = await listen(server, options.port);
  return { url: `http://127.0.0.1:${port}`, port, close: () => closeServer(server) };
}
