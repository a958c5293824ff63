/** The contracts on the embedded chain: put there at the first start, checked at every later one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { accountOn } from "@zpu/contracts/account";
import { addModelVk, deployAll, toVerifyingKey } from "@zpu/contracts/deploy";
import type { Deployment } from "@zpu/contracts/deployments";
import { fromHex, toHex } from "@zpu/protocol/ids";
import { z } from "zod";
import type { Chain } from "./chain.ts";
import { syncFolder, writeFileDurably } from "./chain-journal.ts";

const FILE = "deployment.json";
const CONTRACTS = ["token", "registry", "jobs", "verifier", "treasury"] as const;
const placed = z.object({ address: z.string(), codeHash: z.string() });
const stored = z.object({ chainId: z.string(), token: placed, registry: placed, jobs: placed, verifier: placed, treasury: placed });

async function codeHash(chain: Chain, address: string): Promise<string> {
  const code = z.string().parse(await chain.request({ method: "eth_getCode", params: [address, "latest"] }));
  if (code === "0x") throw new Error(`there is no contract at ${address}`);
  return toHex(keccak_256(fromHex(code)));
}

async function deploy(chain: Chain, funderKey: string, path: string): Promise<Deployment> {
  const funder = accountOn(chain, chain.chainId, funderKey);
  try {
    const made = await deployAll(funder, { admin: funder.address });
    const record: Record<string, unknown> = { chainId: made.chainId.toString() };
    for (const name of CONTRACTS) record[name] = { address: made[name], codeHash: await codeHash(chain, made[name]) };
    writeFileDurably(path, JSON.stringify(record), 0o644);
    return made;
  } finally {
    funder.provider?.destroy();
  }
}

async function checked(chain: Chain, path: string): Promise<Deployment> {
  const record = stored.parse(JSON.parse(readFileSync(path, "utf8")));
  if (BigInt(record.chainId) !== chain.chainId) throw new Error(`${path} belongs to chain ${record.chainId}`);
  for (const name of CONTRACTS) {
    const actual = await codeHash(chain, record[name].address);
    if (actual !== record[name].codeHash) throw new Error(`the ${name} contract at ${record[name].address} is not the one that was deployed`);
  }
  const at = (name: (typeof CONTRACTS)[number]): string => record[name].address;
  return {
    chainId: chain.chainId,
    token: at("token"),
    registry: at("registry"),
    jobs: at("jobs"),
    verifier: at("verifier"),
    treasury: at("treasury"),
  };
}

/** The deployment of `dataDir`: deploys where there is none, otherwise checks the code that is there. */
export async function ensureDeployed(chain: Chain, dataDir: string, funderKey: string): Promise<{ deployment: Deployment; fresh: boolean }> {
  const path = join(dataDir, FILE);
  if (existsSync(path)) return { deployment: await checked(chain, path), fresh: false };
  const deployment = await deploy(chain, funderKey, path);
  syncFolder(dataDir);
  return { deployment, fresh: true };
}

/** Registers the model's verifying key (parsed snarkjs JSON) where the chain does not have it yet. */
export async function ensureModel(chain: Chain, deployment: Deployment, funderKey: string, model: { modelId: string; vkey: unknown }): Promise<void> {
  const funder = accountOn(chain, chain.chainId, funderKey);
  try {
    await addModelVk(funder, deployment, model.modelId, toVerifyingKey(model.vkey));
  } finally {
    funder.provider?.destroy();
  }
}
