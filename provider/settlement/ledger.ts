/** What was earned and what was claimed, taken from the chain's own events: whoever sent the transaction. */
import { HISTORY_POINTS, LISTED_ENTRIES, type EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { Address, JobId, TxHash } from "@zpu/protocol/ids";
import type { ChainEvent, ChainPort } from "./chain-port.ts";
import { createHistory } from "./history.ts";
import type { Store } from "./store.ts";

/** Blocks asked for at once: within what public nodes answer. */
const BLOCKS_PER_REQUEST = 5000;
const SYNCED_BLOCK = "ledgerBlock";

export interface Ledger {
  /** Keeps what `events` of the mined transaction say about this node's money; the same event twice counts once. */
  record(events: readonly ChainEvent[], mined: { readonly tx: TxHash; readonly block: number; readonly atMs: number }): void;
  /** Reads the chain's events since the last time; finds payments and claims that others sent, or that a lost database forgot. */
  sync(): Promise<void>;
  /** The payment of a job, once there is one. */
  earning(jobId: JobId): { amountWei: bigint; tx: TxHash; atMs: number } | undefined;
  /** The claim that transaction `tx` made, if it did. */
  claimed(tx: TxHash): { amountWei: bigint; tx: TxHash; atMs: number } | undefined;
  /** Everything the owner's earnings page shows; `pendingWei` is known by the job runner. Throws CHAIN_UNREACHABLE. */
  summary(pendingWei: bigint): Promise<EarningsSummary>;
  /** The part of the summary that needs no chain. */
  entries(): Omit<EarningsSummary, "claimableWei" | "balanceWei" | "pendingWei">;
}

/** The ledger of the node whose accounts are `roles`. */
export function createLedger({ store, chain, roles }: { store: Store; chain: ChainPort; roles: { owner: Address; payout: Address } }): Ledger {
  let syncing: Promise<void> | undefined;

  const record: Ledger["record"] = (events, { tx, block, atMs }) => {
    for (const event of events) {
      if (event.type === "settled" && event.provider === roles.owner)
        store.addEarning({ jobId: event.jobId, amountWei: event.amountWei, tx, block, atMs });
      if (event.type === "claimed" && event.account === roles.payout) store.addClaim({ amountWei: event.amountWei, tx, block, atMs });
    }
  };
  const history = createHistory(HISTORY_POINTS);
  const claimed = { totalWei: 0n, count: 0 };
  /** The last rows that are in the sums; what is recorded later is added once, so that a look costs what is new. */
  let [earnedSeq, claimedSeq] = [0, 0];
  const entries: Ledger["entries"] = () => {
    store.earnedSince(earnedSeq, ({ seq, amountWei, atMs }) => {
      earnedSeq = seq;
      history.add(amountWei, atMs);
    });
    store.claimedSince(claimedSeq, ({ seq, amountWei }) => {
      claimedSeq = seq;
      claimed.totalWei += amountWei;
      claimed.count += 1;
    });
    return {
      claimedWei: claimed.totalWei,
      earnedCount: history.count,
      claimsCount: claimed.count,
      earned: store.earned(LISTED_ENTRIES),
      claims: store.claims(LISTED_ENTRIES),
      history: history.points(),
    };
  };

  return {
    record,
    entries,
    async sync() {
      syncing ??= (async () => {
        const { block: last } = chain.head();
        for (let from = Number(store.fact(SYNCED_BLOCK) ?? -1) + 1; from <= last; from += BLOCKS_PER_REQUEST) {
          const to = Math.min(from + BLOCKS_PER_REQUEST - 1, last);
          const found = await chain.payments(roles.owner, roles.payout, from, to);
          store.atomically(() => {
            for (const { event, ...mined } of found) record([event], mined);
            store.setFact(SYNCED_BLOCK, String(to));
          });
        }
      })().finally(() => {
        syncing = undefined;
      });
      await syncing;
    },
    earning: (jobId) => store.earning(jobId),
    claimed: (tx) => store.claim(tx),
    async summary(pendingWei) {
      const [claimableWei, balanceWei] = await Promise.all([chain.claimableWei(roles.payout), chain.tokenBalanceWei(roles.payout)]);
      return { claimableWei, balanceWei, pendingWei, ...entries() };
    },
  };
}
