/** EIP-712 digests of what is signed off chain, and who signed them. */
import { address, bytes32, type Address, type Bytes32, type JobId } from "@zpu/protocol/ids";
import { eip712Domain, NODE_BINDING_TYPES, RECEIPT_TYPES, type NodeBinding, type Receipt } from "@zpu/protocol/receipt";
import { getBytes, hashMessage, recoverAddress, TypedDataEncoder } from "ethers";

/** Where a signature counts: one chain, one jobs contract. */
export interface SigningDomain {
  readonly chainId: bigint;
  readonly jobs: Address;
}

/** 32-byte EIP-712 digest of `receipt`. */
export const receiptDigest = (domain: SigningDomain, receipt: Receipt): Bytes32 =>
  bytes32.parse(TypedDataEncoder.hash(eip712Domain(domain.chainId, domain.jobs), RECEIPT_TYPES, receipt));

/** 32-byte EIP-712 digest of `binding`; the peer key signs these 32 bytes with Ed25519. */
export const bindingDigest = (domain: SigningDomain, binding: NodeBinding): Bytes32 =>
  bytes32.parse(TypedDataEncoder.hash(eip712Domain(domain.chainId, domain.jobs), NODE_BINDING_TYPES, binding));

/** The account whose key made `signature` (65 bytes, 0x-hex) over `digest`; undefined where it is no valid signature. */
export function recoverSigner(digest: Bytes32, signature: string): Address | undefined {
  try {
    return address.parse(recoverAddress(digest, signature).toLowerCase());
  } catch {
    return undefined;
  }
}

/** The account that signed `receipt`, whoever it is; undefined where the signature is malformed. Compare with the operator or the requestor. */
export const recoverReceiptSigner = (domain: SigningDomain, receipt: Receipt, signature: string): Address | undefined =>
  recoverSigner(receiptDigest(domain, receipt), signature);

/** The account that signed the 32 bytes of `value` as a personal message (EIP-191); undefined where the signature is malformed. */
export const recoverPersonalSigner = (value: Bytes32 | JobId, signature: string): Address | undefined =>
  recoverSigner(bytes32.parse(hashMessage(getBytes(value))), signature);
