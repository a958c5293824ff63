/** What the network's web address says: the document, the live providers, filing a receipt. Nothing of it is trusted beyond addresses and names. */
import { discoveryDocument, providerList, toJson, type DiscoveryDocument, type ProviderListing } from "@zpu/protocol/discovery";
import { errorCode, errorFacts, ZpuError } from "@zpu/protocol/errors";
import type { ModelId } from "@zpu/protocol/ids";
import type { ReceiptMessage } from "@zpu/protocol/messages";
import { z } from "zod";

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const problem = z.object({ code: errorCode, facts: errorFacts.default({}) });

/** One HTTP exchange with JSON both ways; throws the code of a problem answer, or GATEWAY_UNREACHABLE. */
export async function fetchJson<T extends z.ZodType>(
  url: string,
  schema: T,
  init: { method?: "POST"; body?: unknown; signal?: AbortSignal } = {},
): Promise<z.infer<T>> {
  const limit = AbortSignal.timeout(15_000);
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(url, {
      method: init.method ?? "GET",
      redirect: "error",
      signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit,
      ...(init.body === undefined ? {} : { body: toJson(init.body), headers: { "content-type": "application/json" } }),
    });
    status = response.status;
    answer = JSON.parse(await boundedText(response));
  } catch (error) {
    if (init.signal?.aborted) throw new ZpuError("CANCELLED", {}, error);
    throw new ZpuError("GATEWAY_UNREACHABLE", { url, detail: reasonOf(error).slice(0, 160) }, error);
  }
  if (status >= 400) {
    const said = problem.safeParse(answer);
    if (said.success) throw ZpuError.from(said.data);
    throw new ZpuError("GATEWAY_UNREACHABLE", { url, detail: `it answered ${status}` });
  }
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new ZpuError("MALFORMED_MESSAGE", { detail: `${url}: ${z.prettifyError(parsed.error).slice(0, 120)}` }, parsed.error);
  return parsed.data;
}

/** `fetch` says "fetch failed" and keeps the reason underneath. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ("code" in cause ? String(cause.code) : error.message);
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    const bytes = part as Uint8Array;
    size += bytes.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** The discovery document under `url`. */
export const loadDocument = (url: string, signal?: AbortSignal): Promise<DiscoveryDocument> =>
  fetchJson(`${url}/.well-known/zpu.json`, discoveryDocument, signal ? { signal } : {});

/** Providers connected at this moment. */
export async function loadProviders(url: string, signal?: AbortSignal): Promise<ProviderListing[]> {
  return (await fetchJson(`${url}/providers`, providerList, signal ? { signal } : {})).providers;
}

/** Files a countersigned receipt with the gateway, so that it is part of the job's public evidence. */
export async function fileReceipt(url: string, message: ReceiptMessage): Promise<void> {
  await fetchJson(`${url}/receipts`, z.object({}), { method: "POST", body: message });
}

/** Devnet: asks for gas and tokens for `account`. */
export async function askFaucet(faucetUrl: string, account: string, signal?: AbortSignal): Promise<void> {
  await fetchJson(faucetUrl, z.object({}), { method: "POST", body: { address: account }, ...(signal ? { signal } : {}) });
}

/** The id of a model given by name or id; throws UNKNOWN_MODEL with the names there are. */
export function resolveModel(document: DiscoveryDocument, model: string): ModelId {
  const found = document.models.find((known) => known.name === model || known.modelId === model);
  if (!found) throw new ZpuError("UNKNOWN_MODEL", { model, available: document.models.map((known) => known.name).join(", ") || "none" });
  return found.modelId;
}
