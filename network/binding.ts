/** Whether a peer belongs to the registered provider it names: two signatures, the chain's record, and the connection's own key. */
import { createPublicKey, verify } from "node:crypto";
import { ZpuError } from "@zpu/protocol/errors";
import { fromHex, type Address, type Bytes32 } from "@zpu/protocol/ids";
import type { NodeBinding, SignedNodeBinding } from "@zpu/protocol/receipt";
import { peerKeyOf } from "./identity.ts";

/** EIP-712 over a binding, in the domain of one chain and one jobs contract; given by whoever has a chain library. */
export interface BindingTypedData {
  /** The EIP-712 digest, 32 bytes. */
  digest(binding: NodeBinding): Bytes32;
  /** The account that made `signature` (65 bytes) over the digest; throws where it is none. */
  recover(binding: NodeBinding, signature: string): Address;
}

/** What a binding is held against. */
export interface BindingFacts {
  /** Peer id of the connection, proven by the TLS handshake. */
  readonly remotePeerId: string;
  /** The provider that was asked for, where one was. */
  readonly expectedProvider?: Address;
  /** What `ZPURegistry.nodeOf(binding.provider)` says. */
  readonly chainRecord: { readonly operator: Address; readonly peerKey: Bytes32 };
  readonly typedData: BindingTypedData;
  readonly nowSeconds: number;
}

/** The prefix that makes an SPKI key of 32 raw Ed25519 bytes (RFC 8410). */
const ED25519_SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Whether `signature` (64 bytes) is the raw Ed25519 key's over `message`. */
export function verifyEd25519(publicKey: Bytes32, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI_PREFIX, fromHex(publicKey)]), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** The binding, where everything about it holds; throws BINDING_INVALID with what does not. */
export function checkBinding(signed: SignedNodeBinding, facts: BindingFacts): NodeBinding {
  const { binding } = signed;
  const demand = (holds: boolean, detail: string): void => {
    if (!holds) throw new ZpuError("BINDING_INVALID", { detail });
  };
  demand(facts.expectedProvider === undefined || binding.provider === facts.expectedProvider, "it names another provider");
  demand(binding.expiresAt > facts.nowSeconds, "it has expired");
  demand(binding.operator === facts.chainRecord.operator, "its operator is not the one on the chain");
  demand(binding.peerKey === facts.chainRecord.peerKey, "its peer key is not the one on the chain");
  demand(binding.peerKey === peerKeyOf(facts.remotePeerId), "it is for another peer than the one connected");
  let signer: Address | undefined;
  try {
    signer = facts.typedData.recover(binding, signed.operatorSignature);
  } catch {
    signer = undefined;
  }
  demand(signer === binding.operator, "the operator did not sign it");
  demand(verifyEd25519(binding.peerKey, fromHex(facts.typedData.digest(binding)), fromHex(signed.peerSignature)), "the peer did not sign it");
  return binding;
}
