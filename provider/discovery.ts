/** Where chain, contracts and gateways are: the network's discovery document, kept on disk for a start while its address is silent. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { discoveryDocument, type DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";

const ANSWER_MS = 5_000;
const MAX_BYTES = 65_536;

/** The document as `url` serves it now; CHAIN_UNREACHABLE where it does not answer, MALFORMED_MESSAGE where it is no such document. */
export async function fetchDiscovery(url: string): Promise<DiscoveryDocument> {
  const address = new URL("/.well-known/zpu.json", url).href;
  let body: unknown;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS), redirect: "error" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new ZpuError("MESSAGE_TOO_LARGE", { bytes: text.length, limit: MAX_BYTES });
    body = JSON.parse(text);
  } catch (error) {
    if (error instanceof ZpuError) throw error;
    throw new ZpuError("CHAIN_UNREACHABLE", { rpc: address }, error);
  }
  const parsed = discoveryDocument.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ZpuError(
    "MALFORMED_MESSAGE",
    { detail: `the discovery document of ${address} does not fit: ${parsed.error.issues[0]?.path.join(".") ?? ""}` },
    parsed.error,
  );
}

/**
 * The document of `url`, remembered under `dataDir`. Where the address is silent the remembered one is used (`fresh` is false then).
 * Remembering is for a later start and never the reason why this one fails: `kept` is false where it could not be written.
 * CHAIN_MISMATCH where the network is another than the one this data directory worked on.
 */
export async function discover(url: string, dataDir: string): Promise<{ document: DiscoveryDocument; fresh: boolean; kept: boolean }> {
  const path = join(dataDir, "discovery.json");
  const remembered = readRemembered(path);
  try {
    const document = await fetchDiscovery(url);
    if (remembered && (remembered.chainId !== document.chainId || remembered.contracts.jobs !== document.contracts.jobs)) {
      const name = (of: DiscoveryDocument): string => `chain ${of.chainId} with jobs contract ${of.contracts.jobs}`;
      throw new ZpuError("CHAIN_MISMATCH", { rpc: url, actual: name(document), expected: name(remembered) });
    }
    return { document, fresh: true, kept: keep(path, document) };
  } catch (error) {
    if (remembered && error instanceof ZpuError && error.code === "CHAIN_UNREACHABLE") return { document: remembered, fresh: false, kept: true };
    throw error;
  }
}

/** Replaces the remembered document, whole or not at all; whether it is on the disk now. */
function keep(path: string, document: DiscoveryDocument): boolean {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, JSON.stringify(document), { mode: 0o600 });
    renameSync(draft, path);
    return true;
  } catch {
    try {
      rmSync(draft, { force: true });
    } catch {
      return false;
    }
    return false;
  }
}

function readRemembered(path: string): DiscoveryDocument | undefined {
  try {
    return discoveryDocument.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
