/** Branded identifiers: a job id cannot be passed where a model id is asked for. All are lower-case 0x-hex. */
import { z } from "zod";

const hex = (bytes: number) => z.string().regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`), `expected 0x and ${bytes * 2} lower-case hex digits`);

/** keccak256(abi.encode(requestor, nonce, specHash)): 32 bytes; unique per requestor and nonce, derived by the jobs contract. */
export const jobId = hex(32).brand<"JobId">();
export type JobId = z.infer<typeof jobId>;

/** keccak256(fileDigest, weightRoot, semanticsDigest): 32 bytes; names exactly one model, its weights and its arithmetic. */
export const modelId = hex(32).brand<"ModelId">();
export type ModelId = z.infer<typeof modelId>;

/** 20-byte account on the settlement chain, lower case (no checksum: compare as text). */
export const address = hex(20).brand<"Address">();
export type Address = z.infer<typeof address>;

/** Any 32-byte value: a digest, a commitment, a public key. */
export const bytes32 = hex(32).brand<"Bytes32">();
export type Bytes32 = z.infer<typeof bytes32>;

/** Transaction hash, 32 bytes. */
export const txHash = hex(32).brand<"TxHash">();
export type TxHash = z.infer<typeof txHash>;

/** Bytes as 0x-hex of any even length. */
export const hexBytes = z.string().regex(/^0x(?:[0-9a-f]{2})*$/, "expected 0x and an even number of lower-case hex digits");

/** libp2p peer id in base58btc or base36 text form. */
export const peerId = z
  .string()
  .regex(/^[1-9A-HJ-NP-Za-km-z]{30,80}$/)
  .brand<"PeerId">();
export type PeerId = z.infer<typeof peerId>;

/** `bytes` as lower-case 0x-hex. */
export function toHex(bytes: Uint8Array): string {
  let text = "0x";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of 0x-hex `text`; throws RangeError where it is not hex of even length. */
export function fromHex(text: string): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) throw new RangeError("not hex");
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(2 + at * 2, 4 + at * 2), 16);
  return bytes;
}
