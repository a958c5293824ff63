/** JSON-RPC over HTTP: one request, one parsed answer; what never reached the chain is told apart from what the chain refused. */
import { ZpuError } from "@zpu/protocol/errors";
import { z } from "zod";

/** The chain answered, with an error. `data` is revert data as 0x-hex where a contract refused. */
export class RpcRefusal extends Error {
  readonly rpcCode: number;
  readonly data: string | undefined;

  constructor(rpcCode: number, message: string, data: string | undefined) {
    super(message);
    this.name = "RpcRefusal";
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

/** Asks one thing; throws CHAIN_UNREACHABLE where no readable answer came, RpcRefusal where the answer is an error. */
export type JsonRpc = <T extends z.ZodType>(method: string, params: readonly unknown[], result: T) => Promise<z.output<T>>;

const answer = z.union([
  z.object({ error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }) }),
  z.object({ result: z.unknown(), error: z.null().optional() }),
]);
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Revert data wherever nodes put it: as `data`, or nested one level below. */
function revertData(data: unknown): string | undefined {
  if (typeof data === "string") return /^0x[0-9a-fA-F]*$/.test(data) ? data.toLowerCase() : undefined;
  if (typeof data === "object" && data !== null && "data" in data) return revertData(data.data);
  return undefined;
}

/** A JSON-RPC door to the address that `urlNow` gives; an answer that takes longer than `timeoutMs`, or that has not come when `stopped` fires, counts as none. */
export function jsonRpc(urlNow: () => string, timeoutMs: number, stopped?: AbortSignal): JsonRpc {
  let nextId = 1;
  return async (method, params, result) => {
    const url = urlNow();
    const unreachable = (detail: string, cause?: unknown): ZpuError => new ZpuError("CHAIN_UNREACHABLE", { rpc: url, detail }, cause);
    const id = nextId++;
    let body: unknown;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
        signal: stopped ? AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]) : AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      if (text.length > MAX_ANSWER_BYTES) throw new RangeError(`an answer of ${text.length} bytes`);
      if (!response.ok && !text.startsWith("{")) throw new Error(`HTTP ${response.status}`);
      body = JSON.parse(text);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw unreachable(cause instanceof Error ? cause.message.slice(0, 120) : "no answer", error);
    }
    const parsed = answer.safeParse(body);
    if (!parsed.success) throw unreachable("it does not speak JSON-RPC", parsed.error);
    if ("error" in parsed.data && parsed.data.error) {
      const { code, message, data } = parsed.data.error;
      throw new RpcRefusal(code, message.slice(0, 400), revertData(data));
    }
    const value = result.safeParse("result" in parsed.data ? parsed.data.result : undefined);
    if (!value.success) throw unreachable(`its answer to ${method} is malformed`, value.error);
    return value.data;
  };
}

/** A quantity: 0x-hex to bigint. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
/** 0x-hex for a quantity parameter. */
export const toQuantity = (value: bigint | number): string => `0x${value.toString(16)}`;
