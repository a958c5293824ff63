/** HTTP as the gateway speaks it: JSON in and out, problem+json for errors, bounded bodies. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { toJson } from "@zpu/protocol/discovery";
import { ERROR_TEXTS, ZpuError, type ErrorCode } from "@zpu/protocol/errors";
import { z } from "zod";

/** What a route is asked. */
export interface Asked {
  readonly path: string;
  /** The parts of the path that the route's pattern captured. */
  readonly params: readonly string[];
  readonly request: IncomingMessage;
  /** The body as JSON that fits `schema`; throws MESSAGE_TOO_LARGE or MALFORMED_MESSAGE. */
  readonly body: <T extends z.ZodType>(schema: T) => Promise<z.infer<T>>;
}

/** What a route answers: JSON (bigints become decimal text). `immutable` answers never change and carry an ETag. */
export interface Answered {
  readonly status?: number;
  readonly json: unknown;
  readonly immutable?: boolean;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** Matches the whole path. */
  readonly path: RegExp;
  readonly maxBodyBytes?: number;
  handle(asked: Asked): Answered | Promise<Answered>;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  MALFORMED_MESSAGE: 400,
  INPUT_INVALID: 400,
  CONFIG_INVALID: 400,
  UNKNOWN_MODEL: 404,
  JOB_UNKNOWN: 404,
  NOT_SUPPORTED: 404,
  MESSAGE_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  BUDGET_TOO_LOW: 402,
  INSUFFICIENT_FUNDS: 402,
  PRICE_CHANGED: 402,
  UNAUTHORISED: 403,
  DEVNET_ONLY: 403,
  NO_PROVIDER: 503,
  CHAIN_UNREACHABLE: 503,
  PROVIDER_BUSY: 503,
  PROVIDER_PAUSED: 503,
  TIMEOUT: 504,
  ESCROW_UNCERTAIN: 504,
};

/** The HTTP status for a code; 502 for what others did, 500 only for what is our own fault. */
export const statusOf = (code: ErrorCode): number => STATUS[code] ?? (code === "INTERNAL" ? 500 : 502);

const HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** Reads a body of at most `limit` bytes within the server's time. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limit) throw new ZpuError("MESSAGE_TOO_LARGE", { bytes: announced, limit });
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > limit) throw new ZpuError("MESSAGE_TOO_LARGE", { bytes: size, limit });
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** `body` as JSON that fits `schema`. */
export function parseBody<T extends z.ZodType>(body: Buffer, schema: T): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new ZpuError("MALFORMED_MESSAGE", { detail: "the body is not JSON" }, error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ZpuError("MALFORMED_MESSAGE", { detail: z.prettifyError(parsed.error).slice(0, 160) }, parsed.error);
  return parsed.data;
}

/** Sends an answer; a matching If-None-Match of an immutable one gets 304. */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, { status = 200, json, immutable = false }: Answered): void {
  const body = Buffer.from(toJson(json));
  const headers: Record<string, string> = { ...HEADERS, "content-type": "application/json; charset=utf-8" };
  if (immutable) {
    const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
    headers.etag = etag;
    headers["cache-control"] = "public, max-age=31536000, immutable";
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
  } else headers["cache-control"] = "no-store";
  response.writeHead(status, { ...headers, "content-length": String(body.length) }).end(body);
}

/** Sends an error as application/problem+json with its code, facts, sentence and remedy. */
export function sendProblem(response: ServerResponse, error: ZpuError): void {
  const status = statusOf(error.code);
  const remedy = ERROR_TEXTS[error.code][1].replace(/\{(\w+)\}/g, (_, name: string) => String(error.facts[name] ?? "unknown"));
  const problem = { type: `urn:zpu:error:${error.code}`, title: error.message, status, code: error.code, facts: error.facts, remedy };
  const retry: Record<string, string> =
    error.code === "RATE_LIMITED" ? { "retry-after": String(Math.max(1, Math.ceil(Number(error.facts.retryMs ?? 1000) / 1000))) } : {};
  const body = Buffer.from(toJson(problem));
  response
    .writeHead(status, {
      ...HEADERS,
      ...retry,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "content-length": String(body.length),
    })
    .end(body);
}
