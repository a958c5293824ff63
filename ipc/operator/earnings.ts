/** What the owner has earned, and the claim. */
import { jobId, txHash } from "@zpu/protocol/ids";
import { wei } from "@zpu/protocol/money";
import { z } from "zod";
import { call, slice } from "../rpc/contract.ts";

export const earningEntry = z.object({ jobId, atMs: z.number(), amountWei: wei, tx: txHash });
export const claimEntry = z.object({ atMs: z.number(), amountWei: wei, tx: txHash });
/** Everything earned up to and including `atMs`, the time of a payment. */
export const earningPoint = z.object({ atMs: z.number(), totalWei: wei });
export type EarningPoint = z.infer<typeof earningPoint>;

/** So many payments and so many claims are listed one by one, the newest; a summary stays this small however long a node has run. */
export const LISTED_ENTRIES = 200;
/** The most points that the history of earnings has; with more payments than this some share a point. */
export const HISTORY_POINTS = 400;

export const earningsSummary = z.object({
  /** Settled and waiting in the treasury. */
  claimableWei: wei,
  /** Transferred to the payout address so far. */
  claimedWei: wei,
  /** Token balance of the payout address. */
  balanceWei: wei,
  /** Accepted work that is not settled yet. */
  pendingWei: wei,
  /** Every payment and every claim there ever was, counted. */
  earnedCount: z.number().int().nonnegative(),
  claimsCount: z.number().int().nonnegative(),
  /** The newest, oldest first. */
  earned: z.array(earningEntry).max(LISTED_ENTRIES),
  claims: z.array(claimEntry).max(LISTED_ENTRIES),
  /** The whole history, oldest first; its last point is the total of all payments. */
  history: z.array(earningPoint).max(HISTORY_POINTS),
});
export type EarningsSummary = z.infer<typeof earningsSummary>;

export const earnings = {
  summary: slice(earningsSummary),
  /** Moves everything claimable to the payout address; NOTHING_TO_CLAIM where that is zero. */
  claim: call(z.object({}), z.object({ amountWei: wei, tx: txHash })),
};
