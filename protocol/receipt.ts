/** What is signed: EIP-712 types of a receipt and of the binding between a registered provider and its peer. */
import { z } from "zod";
import { address, bytes32, hexBytes, jobId, modelId, type Address } from "./ids.ts";

/** Runtime profiles (numeric contract of a run) named in every receipt. */
export const profile = z.enum(["integer-v1", "det-cpu-v1", "canon-wasm-v1", "gpu-tol-v1"]);

/** Signed by the provider's operator for every finished job, countersigned by the requestor. Times are Unix milliseconds. */
export const receipt = z.object({
  jobId,
  provider: address,
  requestor: address,
  modelId,
  /** Engine and version, e.g. "onnxruntime-node@1.30.0/cpu". */
  engine: z.string().min(1).max(96),
  profile,
  inputCommitment: bytes32,
  outputCommitment: bytes32,
  startedAtMs: z.number().int().nonnegative(),
  finishedAtMs: z.number().int().nonnegative(),
});
export type Receipt = z.infer<typeof receipt>;

export const signedReceipt = z.object({ receipt, signature: hexBytes });
export type SignedReceipt = z.infer<typeof signedReceipt>;

/** Binds a libp2p peer key and an encryption key to a registered provider, until `expiresAt` (Unix seconds). */
export const nodeBinding = z.object({
  provider: address,
  operator: address,
  /** Raw Ed25519 public key of the libp2p peer. */
  peerKey: bytes32,
  /** Raw X25519 public key that inputs are sealed to. */
  encryptionKey: bytes32,
  expiresAt: z.number().int().positive(),
});
export type NodeBinding = z.infer<typeof nodeBinding>;

/** Both ways: the operator's EIP-712 signature, and the peer key's Ed25519 signature over the same EIP-712 digest. */
export const signedNodeBinding = z.object({ binding: nodeBinding, operatorSignature: hexBytes, peerSignature: hexBytes });
export type SignedNodeBinding = z.infer<typeof signedNodeBinding>;

/** EIP-712 domain of everything signed off chain: bound to the chain and to the jobs contract. */
export const eip712Domain = (chainId: bigint, jobsContract: Address) =>
  ({ name: "ZPU", version: "1", chainId, verifyingContract: jobsContract }) as const;

/** EIP-712 struct types; field order is part of the hash. */
export const RECEIPT_TYPES = {
  Receipt: [
    { name: "jobId", type: "bytes32" },
    { name: "provider", type: "address" },
    { name: "requestor", type: "address" },
    { name: "modelId", type: "bytes32" },
    { name: "engine", type: "string" },
    { name: "profile", type: "string" },
    { name: "inputCommitment", type: "bytes32" },
    { name: "outputCommitment", type: "bytes32" },
    { name: "startedAtMs", type: "uint64" },
    { name: "finishedAtMs", type: "uint64" },
  ],
};
export const NODE_BINDING_TYPES = {
  NodeBinding: [
    { name: "provider", type: "address" },
    { name: "operator", type: "address" },
    { name: "peerKey", type: "bytes32" },
    { name: "encryptionKey", type: "bytes32" },
    { name: "expiresAt", type: "uint64" },
  ],
};
