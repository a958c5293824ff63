/** The seal against RFC 9180, against a second implementation on node:crypto, and against tampering. */
import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, randomBytes } from "node:crypto";
import { bytes32, fromHex, toHex } from "@zpu/protocol/ids";
import { sealInfo } from "@zpu/protocol/messages";
import { expect, test } from "vitest";
import { generateKeyPair, keyPairFromSeed, open, seal } from "./seal.ts";

const info = sealInfo("input", `0x${"ab".repeat(32)}`, `0x${"01".repeat(20)}`, `0x${"02".repeat(20)}`);

test("DeriveKeyPair gives the recipient key of RFC 9180, A.1.1", async () => {
  const pair = await keyPairFromSeed(fromHex("0x6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037"));
  expect(pair.publicKey).toBe("0x3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
});

test("what is sealed is opened by a second, independent implementation of the standard", async () => {
  const skR = randomBytes(32);
  const recipient = createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), skR]),
    format: "der",
    type: "pkcs8",
  });
  const pkR = createPublicKey(recipient).export({ format: "der", type: "spki" }).subarray(-32);
  const message = randomBytes(1000);
  const { enc, ciphertext } = await seal(bytes32.parse(toHex(pkR)), info, message);

  const extract = (salt: Uint8Array, ikm: Uint8Array): Buffer => createHmac("sha256", salt).update(ikm).digest();
  const expand = (prk: Uint8Array, label: Uint8Array, length: number): Buffer =>
    createHmac("sha256", prk).update(label).update(Uint8Array.of(1)).digest().subarray(0, length);
  const labelled = (suiteId: Buffer, label: string, ikm: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from("HPKE-v1"), suiteId, Buffer.from(label), ikm]);
  const sized = (length: number, text: Buffer): Buffer => Buffer.concat([Buffer.of(length >> 8, length & 255), text]);
  const ephemeral = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), enc]), format: "der", type: "spki" });
  const kem = Buffer.concat([Buffer.from("KEM"), Buffer.of(0, 0x20)]);
  const hpke = Buffer.concat([Buffer.from("HPKE"), Buffer.of(0, 0x20, 0, 1, 0, 2)]);
  const none = new Uint8Array();
  const prk = extract(none, labelled(kem, "eae_prk", diffieHellman({ privateKey: recipient, publicKey: ephemeral })));
  const shared = expand(prk, sized(32, labelled(kem, "shared_secret", Buffer.concat([enc, pkR]))), 32);
  const context = Buffer.concat([
    Buffer.of(0),
    extract(none, labelled(hpke, "psk_id_hash", none)),
    extract(none, labelled(hpke, "info_hash", Buffer.from(info))),
  ]);
  const secret = extract(shared, labelled(hpke, "secret", none));
  const key = expand(secret, sized(32, labelled(hpke, "key", context)), 32);
  const nonce = expand(secret, sized(12, labelled(hpke, "base_nonce", context)), 12);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(info)).setAuthTag(ciphertext.subarray(-16));
  expect(Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()])).toEqual(message);
});

test("opens for the recipient alone, under the same info alone, unchanged alone", async () => {
  const [mine, other] = [await generateKeyPair(), await generateKeyPair()];
  const message = randomBytes(784);
  const sealed = await seal(mine.publicKey, info, message);
  expect(await open(mine.privateKey, info, sealed)).toEqual(new Uint8Array(message));

  const refused = { code: "MALFORMED_MESSAGE" };
  await expect(open(other.privateKey, info, sealed)).rejects.toMatchObject(refused);
  await expect(open(mine.privateKey, info.replace("input", "output"), sealed)).rejects.toMatchObject(refused);
  for (const at of [0, 500, sealed.ciphertext.length - 1]) {
    const ciphertext = Uint8Array.from(sealed.ciphertext);
    ciphertext[at] = (ciphertext[at] ?? 0) ^ 1;
    await expect(open(mine.privateKey, info, { ...sealed, ciphertext })).rejects.toMatchObject(refused);
  }
  const enc = Uint8Array.from(sealed.enc);
  enc[3] = (enc[3] ?? 0) ^ 1;
  await expect(open(mine.privateKey, info, { ...sealed, enc })).rejects.toMatchObject(refused);
  await expect(open(mine.privateKey, info, { enc: new Uint8Array(32), ciphertext: sealed.ciphertext })).rejects.toMatchObject(refused);
  await expect(open(mine.privateKey, info, { enc: sealed.enc, ciphertext: new Uint8Array() })).rejects.toMatchObject(refused);
});

test("a seed gives the same pair each time, and two seals of one message share nothing", async () => {
  const seed = randomBytes(32);
  const pair = await keyPairFromSeed(seed);
  expect((await keyPairFromSeed(seed)).publicKey).toBe(pair.publicKey);
  const [a, b] = [await seal(pair.publicKey, info, seed), await seal(pair.publicKey, info, seed)];
  expect(toHex(a.enc)).not.toBe(toHex(b.enc));
  expect(toHex(a.ciphertext)).not.toBe(toHex(b.ciphertext));
});
