/** Takes what was earned out of the treasury: once per amount, and only where it is worth its gas. */
import { ZpuError } from "@zpu/protocol/errors";
import type { TxHash } from "@zpu/protocol/ids";
import type { ChainSettlement, RoleAddresses } from "./settlement.ts";

/** A claim must be worth so many times its gas. */
export const MIN_WORTH_IN_GAS = 5n;

/** Whether to claim now and, if not, why. */
export type ClaimDecision =
  { readonly claim: true } | { readonly claim: false; readonly reason: "nothing" | "below-gas"; readonly neededWei: bigint };

/** Claims below five times their gas wait. `gasCostTokenWei` (gas cost in token wei) is unknown where gas has no price in tokens: then nothing waits. */
export function decideClaim(claimableWei: bigint, gasCostTokenWei?: bigint): ClaimDecision {
  if (claimableWei === 0n) return { claim: false, reason: "nothing", neededWei: 1n };
  const neededWei = (gasCostTokenWei ?? 0n) * MIN_WORTH_IN_GAS;
  return claimableWei < neededWei ? { claim: false, reason: "below-gas", neededWei } : { claim: true };
}

export interface Claims {
  /** Moves everything claimable to the payout address. NOTHING_TO_CLAIM, CHAIN_UNREACHABLE, INSUFFICIENT_FUNDS (gas), TRANSACTION_REVERTED. */
  claim(): Promise<{ amountWei: bigint; tx: TxHash }>;
}

/** Claims through `settlement`. Calls at the same time, and a call after a crash, share the one claim that is open. */
export function createClaims({ settlement, roles }: { settlement: ChainSettlement; roles: RoleAddresses }): Claims {
  let open: Promise<{ amountWei: bigint; tx: TxHash }> | undefined;

  async function run(): Promise<{ amountWei: bigint; tx: TxHash }> {
    const keys = settlement.keys("claim:*");
    if (keys.open === undefined && !decideClaim(await settlement.claimableWei(roles.payout)).claim) throw new ZpuError("NOTHING_TO_CLAIM");
    const key = keys.open ?? `claim:${keys.count + 1}`;
    const outcome = await settlement.submit(key, { type: "claim", account: roles.payout }).catch((error: unknown) => {
      throw error instanceof ZpuError && error.facts.meaning === "NOTHING_TO_CLAIM" ? new ZpuError("NOTHING_TO_CLAIM", {}, error) : error;
    });
    if (outcome.status === "reverted") throw new ZpuError("TRANSACTION_REVERTED", { reason: outcome.reason ?? "unknown" });
    const entry = settlement.ledger.entries().claims.find(({ tx }) => tx === outcome.hash);
    if (!entry) throw new ZpuError("INTERNAL", { detail: `transaction ${outcome.hash} was mined and carries no claim` });
    return { amountWei: entry.amountWei, tx: outcome.hash };
  }

  return {
    claim() {
      open ??= run().finally(() => {
        open = undefined;
      });
      return open;
    },
  };
}
