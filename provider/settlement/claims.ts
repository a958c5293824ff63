/** Takes what was earned out of the treasury, once per amount. */
import { ZpuError } from "@zpu/protocol/errors";
import type { TxHash } from "@zpu/protocol/ids";
import type { ChainSettlement, RoleAddresses } from "./settlement.ts";

export interface Claims {
  /** Moves everything claimable to the payout address. NOTHING_TO_CLAIM, CHAIN_UNREACHABLE, INSUFFICIENT_FUNDS (gas), TRANSACTION_REVERTED. */
  claim(): Promise<{ amountWei: bigint; tx: TxHash }>;
}

/** Claims through `settlement`. Calls at the same time, and a call after a crash, share the one claim that is open. */
export function createClaims({ settlement, roles }: { settlement: ChainSettlement; roles: RoleAddresses }): Claims {
  let open: Promise<{ amountWei: bigint; tx: TxHash }> | undefined;

  async function run(): Promise<{ amountWei: bigint; tx: TxHash }> {
    const keys = settlement.keys("claim:*");
    if (keys.open === undefined && (await settlement.claimableWei(roles.payout)) === 0n) throw new ZpuError("NOTHING_TO_CLAIM");
    const key = keys.open ?? `claim:${keys.count + 1}`;
    const outcome = await settlement.submit(key, { type: "claim", account: roles.payout }).catch((error: unknown) => {
      throw error instanceof ZpuError && error.facts.meaning === "NOTHING_TO_CLAIM" ? new ZpuError("NOTHING_TO_CLAIM", {}, error) : error;
    });
    if (outcome.status === "reverted") throw new ZpuError("TRANSACTION_REVERTED", { reason: outcome.reason ?? "unknown" });
    const entry = settlement.ledger.claimed(outcome.hash);
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
