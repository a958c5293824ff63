/** Which network a client means: what the caller pinned decides; a web address is believed on the devnet alone. */
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { address } from "@zpu/protocol/ids";
import { z } from "zod";

/** The network that the caller means, known from elsewhere than the web address. */
export interface TrustedNetwork {
  readonly chainId: number | bigint;
  /** Needed on every chain but the devnet's. */
  readonly contracts?: Readonly<Record<keyof DiscoveryDocument["contracts"], string>>;
  /** The chain is asked here instead of where the document says. */
  readonly rpcUrl?: string;
}

const CONTRACTS = ["token", "registry", "jobs", "verifier", "treasury"] as const;
const pinned = z.object({
  chainId: z.union([z.number().int().positive().transform(BigInt), z.bigint().positive()]),
  contracts: z.object(Object.fromEntries(CONTRACTS.map((name) => [name, z.string().toLowerCase().pipe(address)]))).optional(),
  rpcUrl: z.url({ protocol: /^https?$/ }).optional(),
});

/**
 * The document, with the caller's own RPC endpoint where one is given. Throws CHAIN_MISMATCH where it speaks of another network than the
 * caller, CONFIG_INVALID where the caller's settings are not valid or, on any chain but the devnet's, do not name chain and contracts.
 */
export function trustedDocument(document: DiscoveryDocument, network: TrustedNetwork | undefined): DiscoveryDocument {
  const invalid = (detail: string): ZpuError => new ZpuError("CONFIG_INVALID", { name: "options.network", detail });
  const parsed = network === undefined ? undefined : pinned.safeParse(network);
  if (parsed?.success === false) throw invalid(z.prettifyError(parsed.error).slice(0, 160));
  const given = parsed?.data;
  const mismatch = (actual: string, expected: string): ZpuError => new ZpuError("CHAIN_MISMATCH", { rpc: document.rpcUrl, actual, expected });
  if (given && given.chainId !== BigInt(document.chainId)) throw mismatch(String(document.chainId), String(given.chainId));
  if (BigInt(document.chainId) !== DEVNET_CHAIN_ID && given?.contracts === undefined) {
    throw invalid(
      `chain ${document.chainId} is not the development network: pass its chainId and contracts from a source other than the web address`,
    );
  }
  for (const name of CONTRACTS) {
    const expected = given?.contracts?.[name];
    const actual = document.contracts[name];
    if (expected !== undefined && actual !== expected) throw mismatch(`one with ${name} at ${actual}`, `${name} at ${expected}`);
  }
  return given?.rpcUrl === undefined ? document : { ...document, rpcUrl: given.rpcUrl };
}
