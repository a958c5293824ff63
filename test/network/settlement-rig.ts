/** Test only: a real embedded chain with the contracts, a node's keys in a signer, and settlement over JSON-RPC. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { accountOn, fundAccount } from "@zpu/contracts/account";
import { JOBS_ABI, TOKEN_ABI } from "@zpu/contracts/abi";
import { addModelVk } from "@zpu/contracts/deploy";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { ensureAccounts } from "@zpu/devnet/accounts";
import { openChain as openEmbeddedChain, type Chain as EmbeddedChain } from "@zpu/devnet/chain";
import { ensureDeployed } from "@zpu/devnet/deployment";
import { serveRpc, type RpcServer } from "@zpu/devnet/rpc";
import type { Client } from "@zpu/ipc/rpc/contract";
import { connect } from "@zpu/ipc/rpc/connect";
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { contractAddresses, signer as signerContract, type NodeIdentity } from "@zpu/ipc/workers/signer";
import { address, bytes32, modelId as modelIdSchema, type Address, type JobId } from "@zpu/protocol/ids";
import { deriveJobId, type JobSpec } from "@zpu/protocol/job";
import { tokensToWei } from "@zpu/protocol/money";
import { openChain } from "@zpu/provider/settlement/chain";
import { chainAnchor, createSettlement, type ChainSettlement } from "@zpu/provider/settlement/settlement";
import type { PinnedContracts } from "@zpu/provider/wallet/intents";
import { nodeKeyPath } from "@zpu/provider/wallet/key-file";
import { ensureKeyFiles } from "@zpu/provider/wallet/keys";
import { serveSigner } from "@zpu/provider/wallet/signer";
import { Contract, Wallet } from "ethers";
import { trapdoor } from "./trapdoor-proofs.ts";

export const MODEL = modelIdSchema.parse(`0x${"5e".repeat(32)}`);
const COMMITMENT = bytes32.parse(`0x${"00".repeat(31)}07`);

/** A requestor with tokens; posts jobs for the node. */
export interface Requestor {
  readonly address: Address;
  post(provider: Address, terms?: Partial<JobSpec>): Promise<{ jobId: JobId; spec: JobSpec }>;
  /** Settles a proven job in the provider's stead, as anyone may. */
  settle(jobId: JobId): Promise<void>;
}

export interface Rig {
  readonly dir: string;
  readonly embedded: EmbeddedChain;
  readonly contracts: PinnedContracts;
  readonly identity: NodeIdentity;
  readonly rpc: RpcServer;
  readonly requestor: Requestor;
  /** What a signer process is unlocked with. */
  readonly files: { readonly keyFile: string; readonly protectionFile: string };
  readonly signer: Client<typeof signerContract>;
  prove: ReturnType<typeof trapdoor>["prove"];
  /** Settlement on `core.sqlite` of the rig, as a process after a (re)start would open it. */
  settlement(rpcUrl?: string): { settlement: ChainSettlement; db: DatabaseSync; logs: string[]; end(): Promise<void> };
  /** Ends every settlement that a failed test left running: two writers on one database are no node. */
  endAll(): Promise<void>;
  close(): Promise<void>;
}

/** A rig in a fresh folder; with the deployer of `sameDeployerAs`, its contracts have the addresses of that rig's. */
export async function openRig(sameDeployerAs?: Rig): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), "zpu-settlement-"));
  if (sameDeployerAs) cpSync(join(sameDeployerAs.dir, "devnet-keys.json"), join(dir, "devnet-keys.json"));
  const accounts = ensureAccounts(dir);
  const embedded = await openEmbeddedChain({ chainId: DEVNET_CHAIN_ID, dataDir: dir, prefunded: [accounts.funderAccount] });
  const { deployment } = await ensureDeployed(embedded, dir, accounts.funder);
  const contracts = contractAddresses.parse(deployment);
  const funder = accountOn(embedded, DEVNET_CHAIN_ID, accounts.funder);
  const { vk, prove } = trapdoor();
  await addModelVk(funder, deployment, MODEL, vk);
  const identity = ensureKeyFiles(join(dir, "node"));
  const amounts = { gasWei: 10n ** 18n, tokenWei: tokensToWei(10_000) };
  await fundAccount(funder, deployment.token, identity.owner, amounts);
  await fundAccount(funder, deployment.token, identity.operator, { ...amounts, tokenWei: 1n });
  const rpc = await serveRpc(embedded, { port: 0 });

  const wallet = accountOn(embedded, DEVNET_CHAIN_ID, Wallet.createRandom().privateKey);
  await fundAccount(funder, deployment.token, wallet.address, amounts);
  await (
    (await new Contract(deployment.token, TOKEN_ABI, wallet).getFunction("approve")(deployment.jobs, amounts.tokenWei)) as {
      wait(): Promise<unknown>;
    }
  ).wait();
  let nonce = 0n;
  const requestorAddress = address.parse(wallet.address.toLowerCase());
  const requestor: Requestor = {
    address: requestorAddress,
    async settle(jobId) {
      const sent = (await new Contract(deployment.jobs, JOBS_ABI, wallet).getFunction("settle")(jobId)) as { wait(): Promise<unknown> };
      await sent.wait();
    },
    async post(provider, terms = {}) {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const spec: JobSpec = {
        provider, modelId: MODEL, inputCommitment: COMMITMENT, priceWei: tokensToWei(2), acceptBy: nowSeconds + 300, deadline: nowSeconds + 600, ...terms,
      }; // prettier-ignore
      nonce += 1n;
      const struct = [spec.provider, spec.modelId, spec.inputCommitment, spec.priceWei, spec.acceptBy, spec.deadline];
      const sent = (await new Contract(deployment.jobs, JOBS_ABI, wallet).getFunction("post")(struct, nonce)) as { wait(): Promise<unknown> };
      await sent.wait();
      return { jobId: deriveJobId(requestorAddress, nonce, spec), spec };
    },
  };

  const running = new Set<() => Promise<void>>();
  const [core, process] = pipePair((value) => structuredClone(value));
  const stopSigner = serveSigner(process);
  const signer = connect(signerContract, core, "SIGNER_DIED");
  const files = { keyFile: nodeKeyPath(join(dir, "node")), protectionFile: join(dir, "signer.sqlite") };
  await signer.unlock({ ...files, contracts });

  return {
    dir, embedded, contracts, identity, rpc, requestor, files, signer, prove,
    settlement(rpcUrl = rpc.url) {
      const db = new DatabaseSync(join(dir, "core.sqlite"));
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
      const logs: string[] = [];
      const log = (level: string, message: string, facts?: object): void => void logs.push(`${level} ${message} ${JSON.stringify(facts ?? {})}`);
      const chain = openChain({ rpcUrl, contracts, log, pollMs: 100, anchor: chainAnchor(db) });
      const settlement = createSettlement({ db, chain, signer, roles: identity, log, now: Date.now, ledgerPauseMs: 50 });
      const end = async (): Promise<void> => {
        if (!running.delete(end)) return;
        await settlement.stop();
        db.close();
      };
      running.add(end);
      return { settlement, db, logs, end };
    },
    async endAll() {
      for (const end of running) await end();
    },
    async close() {
      wallet.provider?.destroy();
      funder.provider?.destroy();
      stopSigner();
      await rpc.close();
      await embedded.close();
      rmSync(dir, { recursive: true, force: true });
    },
  }; // prettier-ignore
}
