/** Salted Poseidon commitments to what goes into a model and what comes out: equal to the ones inside the digits circuit. */
import { BN254_ORDER } from "./field.ts";
import { poseidon } from "./poseidon.ts";

/** Separates commitments to inputs from all others: "zpu/input/1" in ASCII, as a number. */
export const INPUT_DOMAIN = 0x7a70752f696e7075742f31n;
/** Separates commitments to outputs from all others: "zpu/output/1" in ASCII, as a number. */
export const OUTPUT_DOMAIN = 0x7a70752f6f75747075742f31n;

const BYTES_PER_ELEMENT = 31;
const FIRST_HASH_ELEMENTS = 13;
const INT32_PER_ELEMENT = 7;
const INT32_OFFSET = 2n ** 31n;

function checkSalt(salt: bigint): void {
  if (salt < 0n || salt >= BN254_ORDER) throw new RangeError("the salt is not a field element");
}

/**
 * The commitment to 404 to 806 bytes (a digit has 784): 31 bytes to a field element, lowest byte first, then
 * Poseidon(Poseidon(domain, salt, e0..e12), e13..). Throws RangeError for another length or a salt >= r.
 */
export function commitInput(pixels: Uint8Array, salt: bigint): bigint {
  checkSalt(salt);
  const elements: bigint[] = [];
  for (let from = 0; from < pixels.length; from += BYTES_PER_ELEMENT) {
    let element = 0n;
    for (let at = Math.min(from + BYTES_PER_ELEMENT, pixels.length) - 1; at >= from; at -= 1) element = element * 256n + BigInt(pixels[at] ?? 0);
    elements.push(element);
  }
  if (elements.length <= FIRST_HASH_ELEMENTS || elements.length > FIRST_HASH_ELEMENTS + 13) throw new RangeError("expected 404 to 806 bytes");
  const first = poseidon([INPUT_DOMAIN, salt, ...elements.slice(0, FIRST_HASH_ELEMENTS)]);
  return poseidon([first, ...elements.slice(FIRST_HASH_ELEMENTS)]);
}

/**
 * The commitment to 8 to 14 int32 values (a digit's answer has 10): each plus 2^31, seven to a field element, then
 * Poseidon(domain, salt, e0, e1). Throws RangeError for another length, a value outside int32 or a salt >= r.
 */
export function commitOutput(logits: readonly number[], salt: bigint): bigint {
  checkSalt(salt);
  if (logits.length <= INT32_PER_ELEMENT || logits.length > 2 * INT32_PER_ELEMENT) throw new RangeError("expected 8 to 14 values");
  const packed: [bigint, bigint] = [0n, 0n];
  logits.forEach((logit, index) => {
    if (!Number.isInteger(logit) || logit < -(2 ** 31) || logit >= 2 ** 31) throw new RangeError(`value ${index} is not an int32`);
    packed[index < INT32_PER_ELEMENT ? 0 : 1] += (BigInt(logit) + INT32_OFFSET) << BigInt(32 * (index % INT32_PER_ELEMENT));
  });
  return poseidon([OUTPUT_DOMAIN, salt, ...packed]);
}

/** A uniform field element from `randomBytes` (cryptographic, gives `count` bytes): 48 bytes reduced, so the bias is below 2^-128. */
export function randomSalt(randomBytes: (count: number) => Uint8Array): bigint {
  const bytes = randomBytes(48);
  if (bytes.length !== 48) throw new RangeError("expected 48 random bytes");
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n) % BN254_ORDER;
}
