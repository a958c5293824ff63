/** What the owner has earned, and the claim. */
import { jobId, txHash } from "@zpu/protocol/ids";
import { wei } from "@zpu/protocol/money";
import { z } from "zod";
import { call, slice } from "../rpc/contract.ts";

export const earningEntry = z.object({ jobId, atMs: z.number(), amountWei: wei, tx: txHash });
export const claimEntry = z.object({ atMs: z.number(), amountWei: wei, tx: txHash });
export const earningsSummary = z.object({
  /** Settled and waiting in the treasury. */
  claimableWei: wei,
  /** Transferred to the payout address so far. */
  claimedWei: wei,
  /** Token balance of the payout address. */
  balanceWei: wei,
  /** Accepted work that is not settled yet. */
  pendingWei: wei,
  /** Oldest first. */
  earned: z.array(earningEntry),
  claims: z.array(claimEntry),
});
export type EarningsSummary = z.infer<typeof earningsSummary>;

export const earnings = {
  summary: slice(earningsSummary),
  /** Moves everything claimable to the payout address; NOTHING_TO_CLAIM where that is zero. */
  claim: call(z.object({}), z.object({ amountWei: wei, tx: txHash })),
};
