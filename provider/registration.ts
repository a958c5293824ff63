/** Registers the node of a data directory from the command line: keys, funds on the devnet, allowance, registration. No job is taken meanwhile. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import { openJournal } from "./base/journal.ts";
import { createLifecycle } from "./base/lifecycle.ts";
import type { ProviderConfig } from "./config.ts";
import { discover } from "./discovery.ts";
import type { Ports } from "./ports.ts";
import { openChain } from "./settlement/chain.ts";
import { ensureRegistered, type Registration } from "./settlement/registration.ts";
import { chainAnchor, createSettlement, type ChainSettlement } from "./settlement/settlement.ts";
import { ensureKeyFiles, nodeKeyPath } from "./wallet/keys.ts";
import { superviseSigner } from "./workers.ts";

const FAUCET_MS = 30_000;

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
  if (tokensWei < stakeWei - node.stakeWei || ownerGasWei === 0n) await fund(faucetUrl, accounts.owner);
  if (operatorGasWei === 0n) await fund(faucetUrl, accounts.operator);
}

/** Sees to it that the node of `config.dataDir` is registered with at least `stakeWei`; safe to repeat. Errors as `ensureRegistered`. */
export async function registerNode(config: ProviderConfig, stakeWei: bigint, ports: Ports): Promise<Registration & { provider: Address }> {
  const { log, now } = ports;
  const lifecycle = createLifecycle(1_000, () => undefined);
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const identity = ensureKeyFiles(config.dataDir);
    const { document } = await discover(config.devnetUrl, config.dataDir);
    const contracts = { chainId: BigInt(document.chainId), ...document.contracts };
    const journal = await lifecycle.start(
      "journal",
      () => openJournal(join(config.dataDir, "core.sqlite")),
      (part) => part.close(),
    );
    const signer = await lifecycle.start(
      "signer",
      () =>
        superviseSigner(
          { ports, changed: () => undefined },
          { keyFile: nodeKeyPath(config.dataDir), protectionFile: join(config.dataDir, "signer.sqlite"), contracts },
        ),
      (part) => part.stop(),
    );
    const roles = { owner: identity.owner, operator: identity.operator, payout: identity.payout };
    const chain = openChain({ rpcUrl: document.rpcUrl, contracts, log, pollMs: config.chainPollMs, anchor: chainAnchor(journal.db) });
    const settlement = await lifecycle.start(
      "settlement",
      async () => {
        const part = createSettlement({
          db: journal.db,
          chain,
          signer: { signTransaction: async (request) => (await signer.client()).signTransaction(request) },
          roles,
          log,
          now,
        });
        await part.start();
        return part;
      },
      (part) => part.stop(),
    );
    if (document.devnet && document.faucetUrl !== undefined) await fundWhereNeeded(settlement, document.faucetUrl, roles, stakeWei);
    const registration = await ensureRegistered({ settlement, roles, peerKey: identity.peerKey, stakeWei });
    return { ...registration, provider: identity.owner };
  } finally {
    await lifecycle.stop();
  }
}
