/** Settlement as the rest of the engine sees it: chain client, two nonce lanes, ledger and claims put together. */
import type { DatabaseSync } from "node:sqlite";
import { intentRole, type Intent } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import type { Ports, Settlement, TxOutcome } from "../ports.ts";
import type { ChainPort } from "./chain-port.ts";
import { createLane, type Lane, type LaneTimes, type TransactionSigner } from "./lane.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { openStore } from "./store.ts";

/** The node's three accounts. */
export interface RoleAddresses {
  readonly owner: Address;
  readonly operator: Address;
  readonly payout: Address;
}

export interface SettlementOptions {
  /** core.sqlite, opened by the journal with WAL and synchronous=FULL; settlement adds its own tables. */
  readonly db: DatabaseSync;
  readonly chain: ChainPort & { start(): Promise<void>; stop(): void };
  readonly signer: TransactionSigner;
  readonly roles: RoleAddresses;
  readonly log: Ports["log"];
  readonly now: Ports["now"];
  /** Patience; left out, what suits the devnet: looks every 50 ms, fees raised after 30 s or 3 blocks, 1 confirmation. */
  readonly times?: Partial<LaneTimes>;
  /** So long after a new block the ledger looks for payments that others triggered; 2,000 ms where left out. */
  readonly ledgerPauseMs?: number;
}

export interface ChainSettlement extends Settlement {
  /** Connects and resumes what is open. CHAIN_MISMATCH where the chain is another one; a chain that does not answer is waited for. */
  start(): Promise<void>;
  /** Ends the loops. Promises of `submit` that are open stay open: what they wait for goes on at the next start. */
  stop(): Promise<void>;
  /** Why the chain is not trusted, as long as that is so: nothing new is sent meanwhile. */
  fault(): ZpuError | undefined;
  /** Tokens that the registry may take from `owner`. */
  allowanceWei(owner: Address): Promise<bigint>;
  /** How many keys match the GLOB `pattern`, and the oldest of them that has not ended. */
  keys(pattern: string): { count: number; open: string | undefined };
  readonly ledger: Ledger;
}

const DEVNET_TIMES: LaneTimes = { pollMs: 50, bumpMs: 30_000, bumpBlocks: 3, rebroadcastMs: 5000, confirmations: 1 };
const ROLES = ["owner", "operator"] as const;

/** Settlement over `chain`; nothing runs before `start`. */
export function createSettlement(options: SettlementOptions): ChainSettlement {
  const { chain, roles, log, now } = options;
  const store = openStore(options.db);
  const ledger = createLedger({ store, chain, roles });
  const waiting = new Map<string, PromiseWithResolvers<TxOutcome>>();
  let stopSync: (() => void) | undefined;
  let syncTimer: NodeJS.Timeout | undefined;

  const settle = (key: string, end: TxOutcome | ZpuError): void => {
    const waiter = waiting.get(key);
    waiting.delete(key);
    if (end instanceof ZpuError) waiter?.reject(end);
    else waiter?.resolve(end);
  };
  const lanes = Object.fromEntries(
    ROLES.map((role) => [
      role,
      createLane({
        role,
        account: roles[role],
        store,
        chain,
        signer: options.signer,
        times: { ...DEVNET_TIMES, ...options.times },
        log,
        now,
        onMined: (_row, receipt, outcome) => ledger.record(receipt.events, { tx: receipt.hash, block: outcome.block, atMs: outcome.atMs }),
        onEnd: settle,
      }),
    ]),
  ) as Record<(typeof ROLES)[number], Lane>;

  // A chain that has fewer of our transactions than we saw mined is not the chain we worked on.
  chain.onVerify(async ({ nonces }) => {
    for (const { account, top } of store.minedNonces()) {
      const { latest } = await nonces(account);
      if (latest <= top) {
        const expected = `one with at least ${top + 1} transactions of ${account}`;
        throw new ZpuError("CHAIN_MISMATCH", { rpc: chain.rpcUrl, actual: `a chain with ${latest} of them (was it reset?)`, expected });
      }
    }
  });

  const sync = (): void => {
    syncTimer = undefined;
    ledger.sync().catch((error: unknown) => {
      const known = ZpuError.wrap(error);
      if (known.code !== "CHAIN_UNREACHABLE") log("warn", "the ledger is brought up to date later", { detail: known.message });
    });
  };

  async function submit(key: string, intent: Intent): Promise<TxOutcome> {
    const role = intentRole(intent.type);
    const row = store.find(key);
    // What was stored first under a key is what is sent; a second proof of the same job, say, waits for the first one's outcome.
    if (row && row.state !== "dropped" && row.intent.type !== intent.type) {
      throw new ZpuError("INTERNAL", { detail: `the key ${key} stands for another transaction already` });
    }
    if (row?.outcome) return row.outcome;
    if (!row || row.state === "dropped") {
      const fault = chain.fault();
      if (fault) throw fault;
      if (row) store.requeue(key, intent, now());
      else store.enqueue(key, roles[role], intent, now());
    }
    const waiter = waiting.get(key) ?? Promise.withResolvers<TxOutcome>();
    waiting.set(key, waiter);
    lanes[role].wake();
    return waiter.promise;
  }

  return {
    head: () => chain.head(),
    onHead: (listener) => chain.onHead(listener),
    fault: () => chain.fault(),
    node: () => chain.node(roles.owner),
    job: (jobId) => chain.job(jobId),
    claimableWei: (account) => chain.claimableWei(account),
    tokenBalanceWei: (account) => chain.tokenBalanceWei(account),
    gasBalanceWei: (account) => chain.gasBalanceWei(account),
    allowanceWei: (owner) => chain.allowanceWei(owner),
    submit,
    sent(key) {
      const row = store.find(key);
      if (!row?.hash || row.state === "dropped" || row.state === "queued") return undefined;
      return { hash: row.hash, ...(row.outcome ? { outcome: row.outcome } : {}) };
    },
    keys: (pattern) => store.keys(pattern),
    ledger,
    async start() {
      await chain.start();
      for (const role of ROLES) lanes[role].start();
      let wasReachable = false;
      const catchUp = (): void => {
        const { reachable } = chain.head();
        // At once after a break, later for the blocks of every day: those are mostly our own and known already.
        if (reachable) syncTimer ??= setTimeout(sync, wasReachable ? (options.ledgerPauseMs ?? 2000) : 0);
        wasReachable = reachable;
      };
      stopSync = chain.onHead(catchUp);
      catchUp();
    },
    async stop() {
      stopSync?.();
      clearTimeout(syncTimer);
      // The chain first: a lane that waits for an answer is released, and takes up its transaction at the next start.
      chain.stop();
      await Promise.all(ROLES.map((role) => lanes[role].stop()));
    },
  };
}

/** Where the chain client keeps the first block's hash, in core.sqlite. */
export function chainAnchor(db: DatabaseSync): { load(): string | undefined; save(genesisHash: string): void } {
  const store = openStore(db);
  return { load: () => store.fact("genesisHash"), save: (hash) => store.setFact("genesisHash", hash) };
}
