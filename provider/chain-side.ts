/** What running a node and registering it have in common: network, journal, signer and settlement, started in this order. */
import { join } from "node:path";
import type { Client } from "@zpu/ipc/rpc/contract";
import type { NodeIdentity, signer as signerContract } from "@zpu/ipc/workers/signer";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { makeFolder } from "./base/folders.ts";
import { openJournal, type Journal } from "./base/journal.ts";
import type { Lifecycle } from "./base/lifecycle.ts";
import type { Supervised } from "./base/supervisor.ts";
import type { ProviderConfig } from "./config.ts";
import { discover } from "./discovery.ts";
import type { Ports } from "./ports.ts";
import { openChain } from "./settlement/chain.ts";
import { chainAnchor, createSettlement, type ChainSettlement, type RoleAddresses } from "./settlement/settlement.ts";
import type { PinnedContracts } from "./wallet/intents.ts";
import { superviseSigner } from "./workers.ts";

export interface ChainSide {
  readonly identity: NodeIdentity;
  readonly roles: RoleAddresses;
  readonly contracts: PinnedContracts;
  /** The network's discovery document as it was read last. */
  readonly document: () => DiscoveryDocument;
  /** Reads it again; throws where the address does not answer. */
  readonly rediscover: () => Promise<DiscoveryDocument>;
  readonly journal: Journal;
  readonly signer: Supervised<Client<typeof signerContract>>;
  readonly settlement: ChainSettlement;
}

/** Starts the parts on `lifecycle`. Errors: CHAIN_UNREACHABLE (never reached), CHAIN_MISMATCH, KEY_FILE_*, DISK_FULL, DATA_FOLDER_UNUSABLE. */
export async function startChainSide(lifecycle: Lifecycle, config: ProviderConfig, ports: Ports, changed: () => void): Promise<ChainSide> {
  const { log, now } = ports;
  makeFolder(config.dataDir);
  const found = await discover(config.devnetUrl, config.dataDir);
  let { document } = found;
  if (!found.fresh) log("warn", "the network's address does not answer; going on with what it said last", { url: config.devnetUrl });
  const contracts = { chainId: BigInt(document.chainId), ...document.contracts };

  const journal = await lifecycle.start(
    "journal",
    () => openJournal(join(config.dataDir, "core.sqlite")),
    (part) => part.close(),
  );
  const opened = Promise.withResolvers<NodeIdentity>();
  const signer = await lifecycle.start(
    "signer",
    () => superviseSigner({ ports, changed }, { dataDir: config.dataDir, contracts, opened: (whose) => opened.resolve(whose) }),
    (part) => part.stop(),
  );
  // Core holds no key and reads no key file: it knows of them what the signer says.
  await signer.client();
  const identity = await opened.promise;
  const roles = { owner: identity.owner, operator: identity.operator, payout: identity.payout };
  const chain = openChain({ rpcUrl: () => document.rpcUrl, contracts, log, pollMs: config.chainPollMs, anchor: chainAnchor(journal.db) });
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
  return {
    identity,
    roles,
    contracts,
    document: () => document,
    async rediscover() {
      ({ document } = await discover(config.devnetUrl, config.dataDir));
      return document;
    },
    journal,
    signer,
    settlement,
  };
}
