/** Registers the node of a data directory from the command line: keys, funds on the devnet, allowance, registration. No job is taken meanwhile. */
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import { createLifecycle } from "./base/lifecycle.ts";
import { startChainSide } from "./chain-side.ts";
import type { ProviderConfig } from "./config.ts";
import type { Ports } from "./ports.ts";
import { ensureRegistered, type Registration } from "./settlement/registration.ts";
import type { ChainSettlement } from "./settlement/settlement.ts";

const FAUCET_MS = 30_000;
/** Below this an account asks the devnet for gas before it needs it. */
const GAS_FLOOR_WEI = 10n ** 17n;

/** Devnet only: asks the faucet for gas and tokens. */
async function fund(faucetUrl: string, account: Address): Promise<void> {
  let response: Response;
  try {
    response = await fetch(faucetUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ address: account }),
      signal: AbortSignal.timeout(FAUCET_MS),
      redirect: "error",
    });
  } catch (error) {
    throw new ZpuError("PEER_UNREACHABLE", { detail: `the faucet at ${faucetUrl} does not answer` }, error);
  }
  if (!response.ok)
    throw new ZpuError("INSUFFICIENT_FUNDS", { account, balance: "nothing", needed: `gas and tokens; the faucet answered ${response.status}` });
}

async function fundWhereNeeded(
  settlement: ChainSettlement,
  faucetUrl: string,
  accounts: { owner: Address; operator: Address },
  stakeWei: bigint,
): Promise<void> {
  const [node, tokensWei, ownerGasWei, operatorGasWei] = await Promise.all([
    settlement.node(),
    settlement.tokenBalanceWei(accounts.owner),
    settlement.gasBalanceWei(accounts.owner),
    settlement.gasBalanceWei(accounts.operator),
  ]);
  if (tokensWei < stakeWei - node.stakeWei || ownerGasWei < GAS_FLOOR_WEI) await fund(faucetUrl, accounts.owner);
  if (operatorGasWei < GAS_FLOOR_WEI) await fund(faucetUrl, accounts.operator);
}

/** Sees to it that the node of `config.dataDir` is registered with at least `stakeWei`; safe to repeat. Errors as `ensureRegistered`. */
export async function registerNode(config: ProviderConfig, stakeWei: bigint, ports: Ports): Promise<Registration & { provider: Address }> {
  const lifecycle = createLifecycle(1_000, () => undefined);
  try {
    const { identity, roles, document, settlement } = await startChainSide(lifecycle, config, ports, () => undefined);
    const { devnet, faucetUrl } = document();
    if (devnet && faucetUrl !== undefined) await fundWhereNeeded(settlement, faucetUrl, roles, stakeWei);
    const registration = await ensureRegistered({ settlement, roles, peerKey: identity.peerKey, stakeWei });
    return { ...registration, provider: identity.owner };
  } finally {
    await lifecycle.stop();
  }
}
