/** Registering and raising the stake over a scripted settlement: each amount is moved once when it is missing, however often that happens. */
import type { Intent } from "@zpu/ipc/workers/signer";
import { address, bytes32, txHash } from "@zpu/protocol/ids";
import { expect, it } from "vitest";
import type { TxOutcome } from "../ports.ts";
import { ensureRegistered } from "./registration.ts";
import type { ChainSettlement } from "./settlement.ts";

const at = (digit: string) => address.parse(`0x${digit.repeat(40)}`);
const roles = { owner: at("1"), operator: at("2"), payout: at("3") };
const peerKey = bytes32.parse(`0x${"4".repeat(64)}`);

/** A chain that does at once what it is sent, and remembers every key for ever, as settlement does. */
function scripted() {
  const outcomes = new Map<string, TxOutcome>();
  const state = { registered: false, stakeWei: 0n, allowanceWei: 0n, revertNext: false, sent: [] as string[], mineBeforeSecondLook: "" };
  const mine = (key: string, intent: Intent): TxOutcome => {
    const known = outcomes.get(key);
    if (known) return known;
    const status = state.revertNext ? "reverted" : "confirmed";
    state.revertNext = false;
    if (status === "confirmed") {
      if (intent.type === "approve") state.allowanceWei = intent.amountWei;
      if (intent.type === "register") [state.registered, state.stakeWei, state.allowanceWei] = [true, intent.stakeWei, 0n];
      if (intent.type === "addStake") [state.stakeWei, state.allowanceWei] = [state.stakeWei + intent.amountWei, 0n];
    }
    const outcome: TxOutcome = {
      hash: txHash.parse(`0x${(outcomes.size + 1).toString(16).padStart(64, "0")}`),
      status,
      block: outcomes.size,
      atMs: 1,
    };
    outcomes.set(key, outcome);
    state.sent.push(intent.type);
    return outcome;
  };
  const settlement: Pick<ChainSettlement, "node" | "sent" | "submit" | "tokenBalanceWei" | "allowanceWei"> = {
    node() {
      const seen = { registered: state.registered, active: true, stakeWei: state.stakeWei, minStakeWei: 10n, operator: roles.operator, payout: roles.payout }; // prettier-ignore
      if (state.mineBeforeSecondLook !== "") {
        const key = state.mineBeforeSecondLook;
        state.mineBeforeSecondLook = "";
        mine(key, { type: "addStake", amountWei: 50n }); // a transaction of before a crash, mined just after this answer was read
      }
      return Promise.resolve(seen);
    },
    sent(key) {
      const outcome = outcomes.get(key);
      return outcome && { hash: outcome.hash, outcome };
    },
    submit: (key, intent) => Promise.resolve(mine(key, intent)),
    tokenBalanceWei: () => Promise.resolve(1_000_000n),
    allowanceWei: () => Promise.resolve(state.allowanceWei),
  };
  const ensure = (stakeWei: bigint) => ensureRegistered({ settlement: settlement as ChainSettlement, roles, peerKey, stakeWei });
  return { state, ensure };
}

it("registers, keeps, raises; a raise of the same amount is made again after the stake went down", async () => {
  const { state, ensure } = scripted();
  expect(await ensure(100n)).toMatchObject({ change: "registered", stakeWei: 100n });
  expect(await ensure(100n)).toEqual({ change: "kept", stakeWei: 100n });
  const raised = await ensure(150n);
  expect(raised).toMatchObject({ change: "raised", stakeWei: 150n });
  state.stakeWei = 100n; // slashed, or withdrawn
  const again = await ensure(150n);
  expect(again).toMatchObject({ change: "raised", stakeWei: 150n });
  expect(again.tx).not.toBe(raised.tx);
  expect(state.sent).toEqual(["approve", "register", "approve", "addStake", "approve", "addStake"]);
});

it("registers again after it was deregistered", async () => {
  const { state, ensure } = scripted();
  const first = await ensure(100n);
  [state.registered, state.stakeWei] = [false, 0n];
  const second = await ensure(100n);
  expect(second).toMatchObject({ change: "registered", stakeWei: 100n });
  expect(second.tx).not.toBe(first.tx);
});

it("tries again after a revert, and says the revert", async () => {
  const { state, ensure } = scripted();
  state.allowanceWei = 100n;
  state.revertNext = true;
  await expect(ensure(100n)).rejects.toMatchObject({ code: "TRANSACTION_REVERTED" });
  expect(await ensure(100n)).toMatchObject({ change: "registered", stakeWei: 100n });
});

it("does not raise twice where an earlier transaction is mined between two looks", async () => {
  const { state, ensure } = scripted();
  await ensure(100n);
  state.mineBeforeSecondLook = "register:do:raise:100:150";
  expect(await ensure(150n)).toEqual({ change: "kept", stakeWei: 150n });
  expect(state.sent.filter((type) => type === "addStake")).toHaveLength(1);
});
