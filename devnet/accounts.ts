/** The devnet's own accounts: one that deploys and funds, one that requests jobs. Drawn once per data directory, kept in a 0600 file. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { accountOfKey, newPrivateKey } from "@zpu/contracts/account";
import { makeFolder } from "@zpu/provider/base/folders";
import { z } from "zod";
import { syncFolder, writeFileDurably } from "./chain-journal.ts";

const FILE = "devnet-keys.json";
const privateKey = z.string().regex(/^0x[0-9a-f]{64}$/);
const stored = z.strictObject({
  version: z.literal(1),
  /** Deploys the contracts, holds the token supply, is the faucet. */
  funder: privateKey,
  /** Posts the demonstration jobs and those asked from the page. */
  requestor: privateKey,
  /** Seed of the gateway's peer key, so that its address stays the same. */
  gatewaySeed: z.string().regex(/^0x[0-9a-f]{64}$/),
});

/** Keys (0x-hex) and accounts (lower-case 0x-hex). Worth nothing outside this devnet. */
export type DevnetAccounts = z.infer<typeof stored> & { readonly funderAccount: string };

/** The accounts of `dataDir`, drawn at the first call. */
export function ensureAccounts(dataDir: string): DevnetAccounts {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) {
    makeFolder(dataDir);
    const keys = { version: 1, funder: newPrivateKey(), requestor: newPrivateKey(), gatewaySeed: newPrivateKey() };
    writeFileDurably(path, JSON.stringify(keys), 0o600);
    syncFolder(dataDir);
  }
  const keys = stored.parse(JSON.parse(readFileSync(path, "utf8")));
  return { ...keys, funderAccount: accountOfKey(keys.funder) };
}
