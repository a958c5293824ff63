/** From a typed intent to the one call it stands for, with the ceilings above which nothing is signed. */
import type { contractAddresses, Intent } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import type { z } from "zod";
import { jobsInterface, registryInterface, tokenInterface, treasuryInterface } from "./interfaces.ts";

/** Chain id and the five pinned contracts: nothing else is ever called. */
export type PinnedContracts = z.infer<typeof contractAddresses>;

/** What a transaction carries: never any value in the chain's coin. */
export interface Call {
  readonly to: Address;
  /** Calldata as 0x-hex. */
  readonly data: string;
  readonly value: 0n;
}

/** Most gas a transaction of each intent may use; several times what it was measured to need. */
export const GAS_LIMIT_CEILINGS: Readonly<Record<Intent["type"], bigint>> = {
  approve: 200_000n,
  register: 800_000n,
  addStake: 400_000n,
  accept: 400_000n,
  prove: 1_500_000n,
  settle: 600_000n,
  claim: 400_000n,
};
/** Highest fee per gas that is signed for: 500 gwei. */
export const MAX_FEE_PER_GAS_CEILING_WEI = 500_000_000_000n;

/** The call that `intent` stands for. */
export function encodeIntent(intent: Intent, contracts: PinnedContracts): Call {
  const to = (address: Address, data: string): Call => ({ to: address, data, value: 0n });
  switch (intent.type) {
    case "approve":
      return to(contracts.token, tokenInterface.encodeFunctionData("approve", [contracts.registry, intent.amountWei]));
    case "register":
      return to(
        contracts.registry,
        registryInterface.encodeFunctionData("register", [intent.operator, intent.payout, intent.peerKey, intent.stakeWei]),
      );
    case "addStake":
      return to(contracts.registry, registryInterface.encodeFunctionData("addStake", [intent.amountWei]));
    case "accept":
      return to(contracts.jobs, jobsInterface.encodeFunctionData("accept", [intent.jobId]));
    case "prove": {
      const { a, b, c } = intent.proof;
      // The precompile wants the imaginary part of a G2 coordinate first (EIP-197); a proof travels with the real part first.
      const eip197 = { a, b: b.map(([real, imaginary]) => [imaginary, real]), c };
      return to(contracts.jobs, jobsInterface.encodeFunctionData("prove", [intent.jobId, intent.outputCommitment, eip197]));
    }
    case "settle":
      return to(contracts.jobs, jobsInterface.encodeFunctionData("settle", [intent.jobId]));
    case "claim":
      return to(contracts.treasury, treasuryInterface.encodeFunctionData("claim", [intent.account]));
  }
}

/** What a transaction may cost at most. */
export interface Fees {
  readonly gasLimit: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

/** SIGNATURE_REFUSED where gas or fees are above the ceilings or contradict each other. */
export function checkCeilings(type: Intent["type"], fees: Fees): void {
  const ceiling = GAS_LIMIT_CEILINGS[type];
  if (fees.gasLimit > ceiling) throw refused(`${type} with a gas limit of ${fees.gasLimit.toString()}, above ${ceiling.toString()}`);
  if (fees.maxFeePerGasWei > MAX_FEE_PER_GAS_CEILING_WEI) {
    throw refused(`a fee of ${fees.maxFeePerGasWei.toString()} wei per gas, above ${MAX_FEE_PER_GAS_CEILING_WEI.toString()}`);
  }
  if (fees.maxPriorityFeePerGasWei > fees.maxFeePerGasWei) throw refused("a priority fee above the whole fee");
}

/** SIGNATURE_REFUSED where `intent` would hand the node to keys that are not its own. */
export function checkOwnKeys(intent: Intent, own: { operator: Address; payout: Address; peerKey: string }): void {
  if (intent.type !== "register") return;
  if (intent.operator !== own.operator) throw refused(`a registration with the foreign operator ${intent.operator}`);
  if (intent.payout !== own.payout) throw refused(`a registration with the foreign payout ${intent.payout}`);
  if (intent.peerKey !== own.peerKey) throw refused("a registration with a foreign peer key");
}

const refused = (detail: string): ZpuError => new ZpuError("SIGNATURE_REFUSED", { detail });
