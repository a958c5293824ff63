/** Poseidon over the BN254 scalar field with the parameters of circomlib (x^5, 8 full rounds, widths 2 to 17). */
import { poseidon1 } from "poseidon-lite/poseidon1";
import { poseidon10 } from "poseidon-lite/poseidon10";
import { poseidon11 } from "poseidon-lite/poseidon11";
import { poseidon12 } from "poseidon-lite/poseidon12";
import { poseidon13 } from "poseidon-lite/poseidon13";
import { poseidon14 } from "poseidon-lite/poseidon14";
import { poseidon15 } from "poseidon-lite/poseidon15";
import { poseidon16 } from "poseidon-lite/poseidon16";
import { poseidon2 } from "poseidon-lite/poseidon2";
import { poseidon3 } from "poseidon-lite/poseidon3";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { poseidon5 } from "poseidon-lite/poseidon5";
import { poseidon6 } from "poseidon-lite/poseidon6";
import { poseidon7 } from "poseidon-lite/poseidon7";
import { poseidon8 } from "poseidon-lite/poseidon8";
import { poseidon9 } from "poseidon-lite/poseidon9";
import { BN254_ORDER } from "./field.ts";

const BY_ARITY = [
  poseidon1, poseidon2, poseidon3, poseidon4, poseidon5, poseidon6, poseidon7, poseidon8,
  poseidon9, poseidon10, poseidon11, poseidon12, poseidon13, poseidon14, poseidon15, poseidon16,
] as const; // prettier-ignore

/** The hash of 1 to 16 field elements; throws RangeError for another count or an element >= r (it would be reduced in silence). */
export function poseidon(inputs: readonly bigint[]): bigint {
  const hash = BY_ARITY[inputs.length - 1];
  if (!hash) throw new RangeError("expected 1 to 16 field elements");
  if (inputs.some((input) => input < 0n || input >= BN254_ORDER)) throw new RangeError("not a field element");
  return hash([...inputs]);
}
