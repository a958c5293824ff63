/** Deployment, faucet and lock on a real embedded chain. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureAccounts, type DevnetAccounts } from "./accounts.ts";
import { gasBalance, tokenBalance } from "./chain-evidence.ts";
import { openChain, type Chain } from "./chain.ts";
import { ensureDeployed } from "./deployment.ts";
import { FAUCET_GAS_WEI, FAUCET_TOKEN_WEI, openFaucet } from "./faucet.ts";
import { lockDataDir } from "./lock.ts";

let dir = "";
let accounts: DevnetAccounts;
let chain: Chain;
const open = (): Promise<Chain> => openChain({ chainId: DEVNET_CHAIN_ID, dataDir: dir, prefunded: [accounts.funderAccount] });
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "zpu-deploy-"));
  accounts = ensureAccounts(dir);
  chain = await open();
});
afterEach(async () => {
  await chain.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("the devnet's contracts", () => {
  it("are deployed once and found again after a restart", async () => {
    const first = await ensureDeployed(chain, dir, accounts.funder);
    const head = await chain.head();
    await chain.close();
    chain = await open();
    expect(await ensureDeployed(chain, dir, accounts.funder)).toEqual({ deployment: first.deployment, fresh: false });
    expect(first.fresh).toBe(true);
    expect(await chain.head()).toEqual(head);
  });

  it("are refused where the code at an address is another, or none", async () => {
    await ensureDeployed(chain, dir, accounts.funder);
    const path = join(dir, "deployment.json");
    const record = JSON.parse(readFileSync(path, "utf8")) as Record<string, { address: string; codeHash: string }>;
    writeFileSync(path, JSON.stringify({ ...record, jobs: record.token && { ...record.jobs, address: record.token.address } }));
    await expect(ensureDeployed(chain, dir, accounts.funder)).rejects.toThrow(/jobs contract .* is not the one/);
    writeFileSync(path, JSON.stringify({ ...record, jobs: { ...record.jobs, address: `0x${"99".repeat(20)}` } }));
    await expect(ensureDeployed(chain, dir, accounts.funder)).rejects.toThrow(/no contract/);
  });

  it("belong to accounts that only their owner can read", () => {
    expect(statSync(join(dir, "devnet-keys.json")).mode & 0o777).toBe(0o600);
    expect(ensureAccounts(dir)).toEqual(accounts);
  });
});

describe("the faucet", () => {
  it("gives gas and tokens to many at once, to each only now and then, and to few in a minute", async () => {
    const { deployment } = await ensureDeployed(chain, dir, accounts.funder);
    let ms = 1_000_000;
    const faucet = openFaucet({ chain, deployment, funderKey: accounts.funder, now: () => ms });
    const account = (index: number): string => `0x${index.toString(16).padStart(40, "a")}`;
    await Promise.all([1, 2, 3, 4, 5].map((index) => faucet.fund(account(index))));
    for (const index of [1, 5]) {
      expect(await gasBalance(chain, account(index))).toBe(FAUCET_GAS_WEI);
      expect(await tokenBalance(chain, deployment.token, account(index))).toBe(FAUCET_TOKEN_WEI);
    }
    await expect(faucet.fund(account(1))).rejects.toMatchObject({ code: "RATE_LIMITED", facts: { retryMs: 60_000 } });
    ms += 60_000;
    await faucet.fund(account(1));
    expect(await tokenBalance(chain, deployment.token, account(1))).toBe(2n * FAUCET_TOKEN_WEI);
    await Promise.all(Array.from({ length: 59 }, (_, index) => faucet.fund(account(100 + index))));
    await expect(faucet.fund(account(999))).rejects.toMatchObject({ code: "RATE_LIMITED" });
    faucet.close();
  });
});

describe("the lock", () => {
  it("keeps a second devnet off the same folder until the first is gone", () => {
    const unlock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: "ALREADY_RUNNING" }));
    unlock();
    lockDataDir(dir)();
  });
});
