/** The gateway's web server: discovery document, live providers, evidence and filed receipts. Binds to loopback unless told otherwise. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { NetworkNode } from "@zpu/network/node";
import { createRateLimiter } from "@zpu/network/rate-limit";
import { discoveryDocument, type DiscoveryDocument, type Evidence } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { jobId as jobIdSchema, type JobId } from "@zpu/protocol/ids";
import { receiptMessage } from "@zpu/protocol/messages";
import type { Chain } from "@zpu/sdk/escrow";
import { checkReceipt, readEvidence } from "@zpu/sdk/verify";
import { type z } from "zod";
import { parseBody, readBody, sendAnswer, sendProblem, type Asked, type Route } from "./http.ts";
import { openReceiptStore } from "./receipt-store.ts";
import { trackProviders, type LiveProviders } from "./live-providers.ts";

/** What `createGateway` needs. */
export interface GatewayOptions {
  readonly node: NetworkNode;
  readonly chain: Chain;
  /** The document under /.well-known/zpu.json without what the gateway knows itself (chain, contracts, multiaddrs); `url` is where it is served. */
  readonly document: (
    url: string,
  ) => Pick<DiscoveryDocument, "rpcUrl" | "models" | "devnet"> & Partial<Pick<DiscoveryDocument, "faucetUrl" | "askUrl">>;
  /** Port to bind, or 0 for any. */
  readonly port: number;
  /** Address to bind; loopback by default. */
  readonly host?: string;
  /** Where the gateway is reached from outside, where that is not the address it binds; no trailing slash. */
  readonly publicUrl?: string;
  /** Where filed receipts are kept; without it they are forgotten at the end. */
  readonly receiptFile?: string;
  /** Further routes, asked before the gateway's own. */
  readonly extraRoutes?: readonly Route[];
  /** Limits of the web server that differ from the usual. */
  readonly limits?: Partial<WebLimits>;
}

/** What one web server takes on. Times are milliseconds. */
export interface WebLimits {
  readonly maxConnections: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** Longest silence on a connection, an answer that is being worked on included. */
  readonly idleMs: number;
}

/** A running gateway. */
export interface Gateway {
  /** No trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly providers: LiveProviders;
  close(): Promise<void>;
}

const WEB_LIMITS: WebLimits = { maxConnections: 512, headersMs: 10_000, requestMs: 15_000, idleMs: 120_000 };
const MAX_BODY_BYTES = 16_384;
const MAX_EVIDENCE = 5000;
const TEXT_LIMITS = { perSecond: 100, burst: 400 };

/** Starts the gateway; resolves once it serves. Rejects where the port is taken. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { node, chain } = options;
  const host = options.host ?? "127.0.0.1";
  const providers = trackProviders(node, chain);
  const receipts = openReceiptStore(options.receiptFile);
  /** Evidence of settled jobs with their receipt: it cannot change any more. */
  const finished = new Map<JobId, Evidence>();
  const limiter = createRateLimiter(TEXT_LIMITS, { perSecond: 1000, burst: 4000 });
  const startedAtMs = Date.now();
  const loopback = ["127.0.0.1", "::1", "localhost"].includes(host) && options.publicUrl === undefined;
  const localNames = new Set<string>();
  let url = "";

  const evidenceOf = async (text: string): Promise<{ json: Evidence; immutable: boolean }> => {
    const parsed = jobIdSchema.safeParse(text.toLowerCase());
    if (!parsed.success) throw new ZpuError("JOB_UNKNOWN", { jobId: text.slice(0, 80) });
    const known = finished.get(parsed.data);
    if (known) return { json: known, immutable: true };
    const json = await readEvidence(chain, parsed.data, receipts.get(parsed.data));
    const immutable = json.state === "settled" && json.receipt !== null; // also without its proof: the transaction that hides it stays as it is
    if (immutable) {
      finished.set(parsed.data, json);
      const oldest = finished.keys().next();
      if (finished.size > MAX_EVIDENCE && !oldest.done) finished.delete(oldest.value);
    }
    return { json, immutable };
  };

  const own: Route[] = [
    {
      method: "GET",
      path: /^\/\.well-known\/zpu\.json$/,
      handle: () => ({
        json: discoveryDocument.parse({
          ...options.document(url),
          chainId: Number(chain.chainId),
          contracts: chain.contracts,
          multiaddrs: node.multiaddrs(),
        }),
      }),
    },
    { method: "GET", path: /^\/providers$/, handle: () => ({ json: { providers: providers.list() } }) },
    { method: "GET", path: /^\/proofs\/([^/]+)$/, handle: ({ params }) => evidenceOf(params[0] ?? "") },
    {
      method: "POST",
      path: /^\/receipts$/,
      handle: async (asked) => {
        const message = await asked.body(receiptMessage);
        await checkReceipt(chain, message);
        return { status: receipts.put(message) ? 201 : 200, json: { jobId: message.signed.receipt.jobId } };
      },
    },
    {
      method: "GET",
      path: /^\/health$/,
      handle: async () => ({ json: { ok: true, chainTime: await chain.now(), providers: providers.list().length, upMs: Date.now() - startedAtMs } }),
    },
  ];
  const routes = [...(options.extraRoutes ?? []), ...own];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const retryMs = limiter.take(request.socket.remoteAddress ?? "?");
    if (retryMs > 0) throw new ZpuError("RATE_LIMITED", { retryMs });
    if (loopback && !localNames.has(request.headers.host ?? "")) throw new ZpuError("UNAUTHORISED"); // a page that rebinds its name to loopback
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path.length > 512) throw new ZpuError("MALFORMED_MESSAGE", { detail: "the path is too long" });
    const method = request.method === "HEAD" ? "GET" : request.method;
    const route = routes.find((candidate) => candidate.method === method && candidate.path.test(path));
    if (!route)
      throw new ZpuError("NOT_SUPPORTED", {
        what: `${request.method ?? "?"} ${path}`,
        alternatives: "See /.well-known/zpu.json for what is served here.",
      });
    if (method === "POST" && !/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
      throw new ZpuError("MALFORMED_MESSAGE", { detail: "expected content-type application/json" }); // a page of another origin cannot send it unasked
    }
    const asked: Asked = {
      path,
      params: route.path.exec(path)?.slice(1) ?? [],
      request,
      body: async <T extends z.ZodType>(schema: T) => parseBody(await readBody(request, route.maxBodyBytes ?? MAX_BODY_BYTES), schema),
    };
    sendAnswer(request, response, await route.handle(asked));
  };

  const web = { ...WEB_LIMITS, ...options.limits };
  const server = createServer(
    {
      requestTimeout: web.requestMs,
      headersTimeout: web.headersMs,
      connectionsCheckingInterval: Math.min(5000, web.headersMs), // how often the two above are looked at
      keepAliveTimeout: 5000,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent) {
          response.destroy();
          return;
        }
        sendProblem(response, ZpuError.wrap(error));
        if (!request.complete) request.destroy(); // what is left of an unwanted body is not read
      });
    },
  );
  server.maxConnections = web.maxConnections;
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 1000;
  server.setTimeout(web.idleMs);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound ? bound.port : options.port;
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) localNames.add(`${name}:${port}`);
  url = options.publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

  return {
    url,
    port,
    providers,
    async close() {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); }); // prettier-ignore
      server.closeAllConnections();
      await closed;
      receipts.close();
    },
  };
}
