/** A peer's identity: its Ed25519 key from a seed, and the way between peer id and raw public key. */
import { generateKeyPairFromSeed, publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey, peerIdFromPublicKey, peerIdFromString } from "@libp2p/peer-id";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, fromHex, peerId as peerIdSchema, toHex, type Bytes32, type PeerId } from "@zpu/protocol/ids";

/** The libp2p key pair of a 32-byte seed; throws RangeError for another length. */
export async function keyFromSeed(seed: Uint8Array): Promise<Ed25519PrivateKey> {
  if (seed.length !== 32) throw new RangeError("a peer seed has 32 bytes");
  return generateKeyPairFromSeed("Ed25519", seed);
}

/** Peer id and raw Ed25519 public key of a 32-byte seed. */
export async function identityFromSeed(seed: Uint8Array): Promise<{ peerId: PeerId; peerKey: Bytes32 }> {
  const key = await keyFromSeed(seed);
  return { peerId: peerIdSchema.parse(peerIdFromPrivateKey(key).toString()), peerKey: bytes32.parse(toHex(key.publicKey.raw)) };
}

/** The raw 32-byte Ed25519 public key inside a peer id; throws BINDING_INVALID where the peer id carries another kind of key. */
export function peerKeyOf(peerId: string): Bytes32 {
  try {
    const parsed = peerIdFromString(peerId);
    if (parsed.type === "Ed25519") return bytes32.parse(toHex(parsed.publicKey.raw));
  } catch (error) {
    throw new ZpuError("BINDING_INVALID", { detail: "the peer id cannot be read" }, error);
  }
  throw new ZpuError("BINDING_INVALID", { detail: "the peer id does not carry an Ed25519 key" });
}

/** The peer id of a raw Ed25519 public key (32 bytes as hex). */
export function peerIdOf(peerKey: Bytes32): PeerId {
  const key = publicKeyFromRaw(fromHex(peerKey));
  if (key.type !== "Ed25519") throw new RangeError("not an Ed25519 key");
  return peerIdSchema.parse(peerIdFromPublicKey(key).toString());
}
