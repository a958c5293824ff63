/** Test only: a Groth16 verifying key whose secret scalars are drawn here, so that a valid proof exists for any signals. Proves nothing. */
import { randomBytes } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import type { VerifyingKey } from "@zpu/contracts/deploy";
import { toHex } from "@zpu/protocol/ids";
import type { Groth16Proof } from "@zpu/protocol/job";

const { Fr } = bn254.fields;
const draw = (): bigint => (BigInt(toHex(randomBytes(40))) % (Fr.ORDER - 1n)) + 1n;
const g1 = (scalar: bigint): [bigint, bigint] => {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return [x, y];
};
/** As the chain reads it, imaginary parts first. */
const g2 = (scalar: bigint): [[bigint, bigint], [bigint, bigint]] => {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [[x.c1, x.c0], [y.c1, y.c0]]; // prettier-ignore
};

/** A fresh key and its prover. */
export function trapdoor(): { vk: VerifyingKey; prove(signals: readonly [bigint, bigint, bigint]): Groth16Proof } {
  const [alpha, beta, gamma, delta] = [draw(), draw(), draw(), draw()];
  const ic = [draw(), draw(), draw(), draw()] as const;
  return {
    vk: { alpha: g1(alpha), beta: g2(beta), gamma: g2(gamma), delta: g2(delta), ic: [g1(ic[0]), g1(ic[1]), g1(ic[2]), g1(ic[3])] },
    prove([input, output, context]) {
      const [a, b] = [draw(), draw()];
      const combined = [input * ic[1], output * ic[2], context * ic[3]].reduce((sum, term) => Fr.add(sum, Fr.create(term)), ic[0]);
      // e(A, B) = e(alpha, beta) e(combined, gamma) e(C, delta), solved for C.
      const c = Fr.div(Fr.sub(Fr.mul(a, b), Fr.add(Fr.mul(alpha, beta), Fr.mul(combined, gamma))), delta);
      const [x, y] = g2(b);
      return { a: g1(a), b: [[x[1], x[0]], [y[1], y[0]]], c: g1(c) }; // prettier-ignore
    },
  };
}
