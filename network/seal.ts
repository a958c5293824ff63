/** HPKE base mode (RFC 9180): X25519, HKDF-SHA256, AES-256-GCM. Seals an input or an output to the one who may read it. */
import { createPrivateKey, createPublicKey, type webcrypto } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, fromHex, toHex, type Bytes32 } from "@zpu/protocol/ids";
import type { Sealed } from "@zpu/protocol/messages";

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** An encryption key pair; the private half never leaves the process that made it. */
export interface SealKeyPair {
  readonly publicKey: Bytes32;
  readonly privateKey: webcrypto.CryptoKey;
}

const withPublic = async (pair: webcrypto.CryptoKeyPair): Promise<SealKeyPair> => ({
  publicKey: bytes32.parse(toHex(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)))),
  privateKey: pair.privateKey,
});

/** A fresh key pair. */
export async function generateKeyPair(): Promise<SealKeyPair> {
  return withPublic(await suite.kem.generateKeyPair());
}

/** The key pair that a 32-byte seed stands for (DeriveKeyPair of RFC 9180, 7.1.3); throws RangeError for another length. */
export async function keyPairFromSeed(seed: Uint8Array): Promise<SealKeyPair> {
  if (seed.length !== 32) throw new RangeError("an encryption seed has 32 bytes");
  return withPublic(await suite.kem.deriveKeyPair(Uint8Array.from(seed).buffer));
}

/** The key pair of a raw 32-byte X25519 private key; throws RangeError for another length. */
export async function keyPairFromPrivateKey(raw: Uint8Array): Promise<SealKeyPair> {
  if (raw.length !== 32) throw new RangeError("an X25519 private key has 32 bytes");
  const privateKey = await suite.kem.deserializePrivateKey(Uint8Array.from(raw).buffer);
  const der = createPublicKey(createPrivateKey({ key: Buffer.concat([X25519_PKCS8_PREFIX, raw]), format: "der", type: "pkcs8" })).export({
    format: "der",
    type: "spki",
  });
  return { publicKey: bytes32.parse(toHex(der.subarray(-32))), privateKey };
}

/** The prefix that makes a PKCS #8 key of 32 raw X25519 bytes (RFC 8410). */
const X25519_PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

const text = new TextEncoder();

/** Seals `plaintext` to a raw X25519 public key. `info` binds job, direction and both parties; it goes into the key schedule and the tag. */
export async function seal(recipientPublicKey: Bytes32, info: string, plaintext: Uint8Array): Promise<Sealed> {
  const infoBytes = text.encode(info);
  const recipientKey = await suite.kem.deserializePublicKey(Uint8Array.from(fromHex(recipientPublicKey)).buffer);
  const { enc, ct } = await suite.seal(
    { recipientPublicKey: recipientKey, info: infoBytes.buffer },
    Uint8Array.from(plaintext).buffer,
    infoBytes.buffer,
  );
  return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) };
}

/** Opens what was sealed to `privateKey` under the same `info`; throws MALFORMED_MESSAGE for anything else. */
export async function open(privateKey: webcrypto.CryptoKey, info: string, sealed: Sealed): Promise<Uint8Array> {
  const infoBytes = text.encode(info);
  try {
    const plaintext = await suite.open(
      { recipientKey: privateKey, enc: Uint8Array.from(sealed.enc).buffer, info: infoBytes.buffer },
      Uint8Array.from(sealed.ciphertext).buffer,
      infoBytes.buffer,
    );
    return new Uint8Array(plaintext);
  } catch (error) {
    throw new ZpuError("MALFORMED_MESSAGE", { detail: "the seal cannot be opened with this key for this job" }, error);
  }
}
