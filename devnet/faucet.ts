/** Gives play money to whoever asks on this machine: gas and tokens of the devnet, limited per account and in total. */
import { accountOn, fundAccount } from "@zpu/contracts/account";
import type { Deployment } from "@zpu/contracts/deployments";
import { ZpuError } from "@zpu/protocol/errors";
import { tokensToWei } from "@zpu/protocol/money";
import type { Chain } from "./chain.ts";

/** What one request gives: enough gas for years of jobs, and tokens for a stake and some jobs. */
export const FAUCET_GAS_WEI = 10n ** 18n;
export const FAUCET_TOKEN_WEI = tokensToWei(10_000);
const PER_ACCOUNT_MS = 60_000;
const TOTAL_PER_MINUTE = 60;

/** The transactions that funded an account. */
export interface Funding {
  readonly gasTx: string;
  readonly tokenTx: string;
  readonly gasWei: bigint;
  readonly tokenWei: bigint;
}

/** A faucet. One request at a time reaches the chain: all share the funder's nonce. */
export interface Faucet {
  /** Funds `account` (lower-case 0x-hex); RATE_LIMITED where it was funded a moment ago. */
  fund(account: string): Promise<Funding>;
  close(): void;
}

export interface FaucetOptions {
  readonly chain: Chain;
  readonly deployment: Deployment;
  readonly funderKey: string;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Opens the faucet of a devnet. */
export function openFaucet({ chain, deployment, funderKey, now = Date.now }: FaucetOptions): Faucet {
  const funder = accountOn(chain, chain.chainId, funderKey);
  const lastMs = new Map<string, number>();
  let turn: Promise<unknown> = Promise.resolve();

  const admit = (account: string): void => {
    const atMs = now();
    for (const [known, sinceMs] of lastMs) if (atMs - sinceMs >= PER_ACCOUNT_MS) lastMs.delete(known);
    const since = lastMs.get(account);
    if (since !== undefined) throw new ZpuError("RATE_LIMITED", { retryMs: PER_ACCOUNT_MS - (atMs - since) });
    if (lastMs.size >= TOTAL_PER_MINUTE) throw new ZpuError("RATE_LIMITED", { retryMs: PER_ACCOUNT_MS });
    lastMs.set(account, atMs);
  };

  return {
    async fund(account) {
      admit(account);
      const amounts = { gasWei: FAUCET_GAS_WEI, tokenWei: FAUCET_TOKEN_WEI };
      const funded = turn.then(() => fundAccount(funder, deployment.token, account, amounts));
      turn = funded.catch(() => undefined);
      try {
        return { ...(await funded), ...amounts };
      } catch (error) {
        lastMs.delete(account);
        throw error;
      }
    },
    close: () => funder.provider?.destroy(),
  };
}
