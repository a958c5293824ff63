/** Poseidon over the BN254 scalar field with the parameters of circomlib (x^5, 8 full rounds), for the numbers of inputs in use. */
import { poseidon14 } from "poseidon-lite/poseidon14";
import { poseidon15 } from "poseidon-lite/poseidon15";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { BN254_ORDER } from "./field.ts";

/** By number of inputs. Each carries tens of kilobytes of constants into a page, so no other is here. */
const HASHES = new Map([
  [4, poseidon4],
  [14, poseidon14],
  [15, poseidon15],
]);

/** The hash of 4, 14 or 15 field elements; throws RangeError for another count or an element >= r (it would be reduced in silence). */
export function poseidon(inputs: readonly bigint[]): bigint {
  const hash = HASHES.get(inputs.length);
  if (!hash) throw new RangeError("expected 4, 14 or 15 field elements");
  if (inputs.some((input) => input < 0n || input >= BN254_ORDER)) throw new RangeError("not a field element");
  return hash([...inputs]);
}
