/** Registers the node and its stake: allowance, then registration; resumes wherever it was cut short. */
import { ZpuError } from "@zpu/protocol/errors";
import type { Bytes32, TxHash } from "@zpu/protocol/ids";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import type { Intent } from "@zpu/ipc/workers/signer";
import type { ChainSettlement, RoleAddresses } from "./settlement.ts";

export interface Registration {
  /** `kept`: it was registered with that stake or more before. */
  readonly change: "registered" | "raised" | "kept";
  readonly stakeWei: bigint;
  /** The transaction that registered or raised the stake; left out where nothing was to do. */
  readonly tx?: TxHash;
}

export interface RegistrationOptions {
  readonly settlement: ChainSettlement;
  readonly roles: RoleAddresses;
  /** Raw Ed25519 public key of the libp2p peer. */
  readonly peerKey: Bytes32;
  /** The stake the node shall have, in wei. */
  readonly stakeWei: bigint;
}

const tokens = (amountWei: bigint): string => `${weiToTokens(amountWei)} ${TOKEN_SYMBOL}`;

/**
 * Sees to it that the node is registered with at least `stakeWei`. Safe to repeat, also after a crash at any point.
 * STAKE_TOO_LOW below the registry's minimum, INSUFFICIENT_FUNDS where owner lacks tokens or gas, CHAIN_UNREACHABLE, TRANSACTION_REVERTED.
 */
export async function ensureRegistered(options: RegistrationOptions): Promise<Registration> {
  for (;;) {
    const done = await attempt(options);
    if (done) return done;
  }
}

/** One attempt; undefined where the chain has moved on meanwhile and the question is another one. */
async function attempt({ settlement, roles, peerKey, stakeWei }: RegistrationOptions): Promise<Registration | undefined> {
  const before = await settlement.node();
  if (before.registered && before.operator !== roles.operator) {
    throw new ZpuError("CONFIG_INVALID", { name: "keys", detail: `the registered operator is ${before.operator}, this node's is ${roles.operator}` });
  }
  if (before.registered && before.stakeWei >= stakeWei) return { change: "kept", stakeWei: before.stakeWei };
  if (stakeWei < before.minStakeWei) throw new ZpuError("STAKE_TOO_LOW", { stake: tokens(stakeWei), minimum: tokens(before.minStakeWei) });

  const missingWei = stakeWei - before.stakeWei;
  // The amounts are part of the keys: a repeated call finds its own transactions, a call with another stake does not collide with them.
  const suffix = before.registered ? `raise:${before.stakeWei.toString()}:${stakeWei.toString()}` : stakeWei.toString();
  const base = `register:do:${suffix}`;
  const registerKey = nextKey(settlement, base);
  if (registerKey !== base) {
    // An earlier one has ended, and yet the stake is missing: it was reverted, or the stake has gone down again since. Or it was
    // mined after `before` was read: then a new one would be one too many.
    const now = await settlement.node();
    if (now.registered !== before.registered || now.stakeWei !== before.stakeWei) return undefined;
  }
  if (!settlement.sent(registerKey)) {
    const balanceWei = await settlement.tokenBalanceWei(roles.owner);
    if (balanceWei < missingWei)
      throw new ZpuError("INSUFFICIENT_FUNDS", { account: roles.owner, balance: tokens(balanceWei), needed: tokens(missingWei) });
    if ((await settlement.allowanceWei(roles.owner)) < missingWei) {
      await confirmed(settlement, nextKey(settlement, `register:approve:${suffix}`), { type: "approve", amountWei: missingWei });
    }
  }
  const intent: Intent = before.registered
    ? { type: "addStake", amountWei: missingWei }
    : { type: "register", operator: roles.operator, payout: roles.payout, peerKey, stakeWei };
  const tx = await confirmed(settlement, registerKey, intent);
  const after = await settlement.node();
  return { change: before.registered ? "raised" : "registered", stakeWei: after.stakeWei, tx };
}

/** `base`, or `base:2`, `base:3`...: the first whose transaction has not ended. */
function nextKey(settlement: ChainSettlement, base: string): string {
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? base : `${base}:${number}`;
    if (!settlement.sent(key)?.outcome) return key;
  }
}

async function confirmed(settlement: ChainSettlement, key: string, intent: Intent): Promise<TxHash> {
  const outcome = await settlement.submit(key, intent);
  if (outcome.status === "reverted") throw new ZpuError("TRANSACTION_REVERTED", { reason: outcome.reason ?? "unknown" });
  return outcome.hash;
}
