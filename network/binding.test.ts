/** A binding holds only when everything about it holds: each forged variant is refused by name. */
import { createPrivateKey, randomBytes, sign, createHash } from "node:crypto";
import { encodeBody } from "@zpu/protocol/frames";
import { address, bytes32, fromHex, toHex, type Address } from "@zpu/protocol/ids";
import type { NodeBinding, SignedNodeBinding } from "@zpu/protocol/receipt";
import { beforeAll, expect, test } from "vitest";
import { checkBinding, type BindingFacts, type BindingTypedData } from "./binding.ts";
import { identityFromSeed, peerIdOf, peerKeyOf } from "./identity.ts";

const owner = address.parse(`0x${"11".repeat(20)}`);
const operator = address.parse(`0x${"22".repeat(20)}`);
const seed = randomBytes(32);

/** A stand-in for EIP-712 (the real one is tested with the chain library): a keyed digest per signer. */
const typedData: BindingTypedData = {
  digest: (binding) => bytes32.parse(toHex(createHash("sha256").update(encodeBody(binding)).digest())),
  recover(binding, signature) {
    const by = address.parse(signature.slice(0, 42));
    if (signature !== signedBy(by, binding)) throw new Error("not a signature");
    return by;
  },
};
const signedBy = (who: Address, binding: NodeBinding): string =>
  `${who}${createHash("sha256").update(who).update(typedData.digest(binding)).digest("hex")}`;
const ed25519 = (from: Uint8Array, message: Uint8Array): string =>
  toHex(
    sign(
      null,
      message,
      createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), from]), format: "der", type: "pkcs8" }),
    ),
  );

let facts: BindingFacts;
let signed: SignedNodeBinding;
const makeSigned = (binding: NodeBinding, peerSeed: Uint8Array = seed, by: Address = operator): SignedNodeBinding => ({
  binding,
  operatorSignature: signedBy(by, binding),
  peerSignature: ed25519(peerSeed, fromHex(typedData.digest(binding))),
});

beforeAll(async () => {
  const { peerId, peerKey } = await identityFromSeed(seed);
  const binding: NodeBinding = { provider: owner, operator, peerKey, encryptionKey: bytes32.parse(toHex(randomBytes(32))), expiresAt: 2000 };
  signed = makeSigned(binding);
  facts = { remotePeerId: peerId, expectedProvider: owner, chainRecord: { operator, peerKey }, typedData, nowSeconds: 1000 };
});

const refusal = (tried: SignedNodeBinding, changed: Partial<BindingFacts> = {}): unknown => {
  try {
    checkBinding(tried, { ...facts, ...changed });
  } catch (error) {
    return (error as { facts: { detail: string } }).facts.detail;
  }
  return "accepted";
};

test("the true binding is accepted, and peer ids and keys convert both ways", () => {
  expect(refusal(signed)).toBe("accepted");
  expect(peerIdOf(peerKeyOf(facts.remotePeerId))).toBe(facts.remotePeerId);
});

test("every forged variant is refused", async () => {
  const otherSeed = randomBytes(32);
  const other = await identityFromSeed(otherSeed);
  const stranger = address.parse(`0x${"33".repeat(20)}`);
  expect(refusal(signed, { expectedProvider: stranger })).toBe("it names another provider");
  expect(refusal(signed, { nowSeconds: 2000 })).toBe("it has expired");
  expect(refusal(signed, { chainRecord: { operator: stranger, peerKey: signed.binding.peerKey } })).toBe("its operator is not the one on the chain");
  expect(refusal(signed, { chainRecord: { operator, peerKey: other.peerKey } })).toBe("its peer key is not the one on the chain");
  expect(refusal(signed, { remotePeerId: other.peerId })).toBe("it is for another peer than the one connected");
  expect(refusal(makeSigned(signed.binding, seed, stranger))).toBe("the operator did not sign it");
  expect(refusal(makeSigned(signed.binding, otherSeed))).toBe("the peer did not sign it");
  expect(refusal({ ...signed, peerSignature: "0x" })).toBe("the peer did not sign it");
  expect(refusal({ ...signed, operatorSignature: "0x00" })).toBe("the operator did not sign it");
});

test("a key exchanged for the attacker's own needs both signatures again", () => {
  const swapped = { ...signed, binding: { ...signed.binding, encryptionKey: bytes32.parse(toHex(randomBytes(32))) } };
  expect(refusal(swapped)).toBe("the operator did not sign it");
  expect(refusal({ ...swapped, operatorSignature: signedBy(operator, swapped.binding) })).toBe("the peer did not sign it");
});
