/** What core asks of the signer process: typed intents only. It alone holds the operator key (and the owner key while unlocked). */
import { address, bytes32, hexBytes, jobId, txHash } from "@zpu/protocol/ids";
import { groth16Proof } from "@zpu/protocol/job";
import { wei } from "@zpu/protocol/money";
import { nodeBinding, receipt } from "@zpu/protocol/receipt";
import { z } from "zod";
import { call } from "../rpc/contract.ts";

/** Everything a node may send to the chain. The signer encodes the calldata itself, from these fields. */
export const intent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("approve"), amountWei: wei }),
  z.object({ type: z.literal("register"), operator: address, payout: address, peerKey: bytes32, stakeWei: wei }),
  z.object({ type: z.literal("addStake"), amountWei: wei }),
  z.object({ type: z.literal("accept"), jobId }),
  z.object({ type: z.literal("prove"), jobId, outputCommitment: bytes32, proof: groth16Proof }),
  z.object({ type: z.literal("settle"), jobId }),
  z.object({ type: z.literal("claim"), account: address }),
]);
export type Intent = z.infer<typeof intent>;

/** Whose key signs an intent: registering and staking are the owner's, the rest is the operator's. */
export const intentRole = (type: Intent["type"]): "owner" | "operator" =>
  type === "approve" || type === "register" || type === "addStake" ? "owner" : "operator";

export const contractAddresses = z.object({ chainId: wei, token: address, registry: address, jobs: address, verifier: address, treasury: address });

/** The public side of a node's keys: accounts as addresses, the others as raw 32-byte public keys. */
export const nodeIdentity = z.object({ owner: address, operator: address, payout: address, peerKey: bytes32, encryptionKey: bytes32 });
export type NodeIdentity = z.infer<typeof nodeIdentity>;

export const signer = {
  /** Makes the key files under `dataDir` where there are none, completes what a crash cut short, and says whose they are. Nothing is unlocked. */
  ensureKeys: call(z.object({ dataDir: z.string().min(1) }), nodeIdentity),
  /** Opens the key file (mode 0600 demanded) and pins chain and contracts: nothing else is ever signed for. */
  unlock: call(z.object({ keyFile: z.string(), protectionFile: z.string(), contracts: contractAddresses }), nodeIdentity),
  /** A signed EIP-1559 transaction for `intent`. Fees above the ceiling or a foreign chain are refused. */
  signTransaction: call(
    z.object({ intent, nonce: z.number().int().nonnegative(), gasLimit: wei, maxFeePerGasWei: wei, maxPriorityFeePerGasWei: wei }),
    z.object({ raw: hexBytes, hash: txHash, from: address }),
  ),
  /** Recorded before it is signed: a second, different receipt for the same job is refused. */
  signReceipt: call(z.object({ receipt }), z.object({ signature: hexBytes })),
  signBinding: call(z.object({ binding: nodeBinding }), z.object({ operatorSignature: hexBytes, peerSignature: hexBytes })),
};
