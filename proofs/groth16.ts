/** Verifies Groth16 proofs over BN254 (Groth 2016): e(A, B) = e(alpha, beta) e(sum of inputs, gamma) e(C, delta). */
import { bn254 } from "@noble/curves/bn254.js";
import { BN254_BASE, BN254_ORDER } from "./field.ts";

/** A point of G1, affine. */
export type PointG1 = readonly [x: bigint, y: bigint];
/** A point of G2, affine; each coordinate as [c0, c1], that is c0 + c1 u (the order of snarkjs, not of EIP-197). */
export type PointG2 = readonly [x: readonly [bigint, bigint], y: readonly [bigint, bigint]];

/** A proof; the shape of `groth16Proof` in the protocol. */
export interface Groth16Proof {
  readonly a: PointG1;
  readonly b: PointG2;
  readonly c: PointG1;
}

/** A verifying key; `ic` has one point more than there are public signals. */
export interface VerifyingKey {
  readonly alpha: PointG1;
  readonly beta: PointG2;
  readonly gamma: PointG2;
  readonly delta: PointG2;
  readonly ic: readonly PointG1[];
}

/** Why a proof was refused. */
export type Refusal =
  | "the verifying key has gamma equal to delta: anyone could forge"
  | "two of beta, gamma and delta in the verifying key are equal up to sign: anyone could forge"
  | "a point of the verifying key is not in its group"
  | "the number of public signals does not fit"
  | "a public signal is not below r"
  | "a point of the proof is not in its group"
  | "the pairing equation does not hold";

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: Refusal };

const { G1, G2, fields } = bn254;
type G1Point = InstanceType<typeof G1.Point>;
type G2Point = InstanceType<typeof G2.Point>;

const below = (order: bigint, value: bigint): boolean => value >= 0n && value < order;

/** The point where it is on the curve (G1 has prime order, so in the group too) and not infinity. */
function pointG1([x, y]: PointG1): G1Point | undefined {
  if (!below(BN254_BASE, x) || !below(BN254_BASE, y) || (x === 0n && y === 0n)) return undefined;
  try {
    const point = G1.Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

/** The point where it is on the twist, in the subgroup of order r, and not infinity. */
function pointG2([x, y]: PointG2): G2Point | undefined {
  const coordinates = [...x, ...y];
  if (coordinates.some((value) => !below(BN254_BASE, value)) || coordinates.every((value) => value === 0n)) return undefined;
  try {
    const point = G2.Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } });
    point.assertValidity();
    return point.isTorsionFree() ? point : undefined;
  } catch {
    return undefined;
  }
}

const sameUpToSign = (one: G2Point, other: G2Point): boolean => one.equals(other) || one.equals(other.negate());

interface PreparedKey {
  readonly gamma: G2Point;
  readonly delta: G2Point;
  /** The constant of the sum of inputs, and one point for each public signal. */
  readonly constant: G1Point;
  readonly signals: readonly G1Point[];
  /** e(alpha, beta). */
  readonly alphaBeta: ReturnType<typeof bn254.pairing>;
}

const prepared = new WeakMap<VerifyingKey, PreparedKey | Refusal>();

function prepare(vkey: VerifyingKey): PreparedKey | Refusal {
  const [alpha, beta, gamma, delta] = [pointG1(vkey.alpha), pointG2(vkey.beta), pointG2(vkey.gamma), pointG2(vkey.delta)];
  const [constant, ...signals] = vkey.ic.map(pointG1);
  if (!alpha || !beta || !gamma || !delta || !constant || !signals.every((point) => point !== undefined))
    return "a point of the verifying key is not in its group";
  if (gamma.equals(delta)) return "the verifying key has gamma equal to delta: anyone could forge";
  // Whoever knows how two of them relate can build proofs without a witness; with delta = -gamma, A = alpha, B = beta, C = inputs is one.
  if (sameUpToSign(beta, gamma) || sameUpToSign(beta, delta) || sameUpToSign(gamma, delta))
    return "two of beta, gamma and delta in the verifying key are equal up to sign: anyone could forge";
  return { gamma, delta, constant, signals, alphaBeta: bn254.pairing(alpha, beta) };
}

/** Whether a key may be used at all: its points are in their groups and no two of beta, gamma and delta are equal up to sign. Remembered per key object. */
export function checkVerifyingKey(vkey: VerifyingKey): Verdict {
  const key = preparedKey(vkey);
  return typeof key === "string" ? { ok: false, reason: key } : { ok: true };
}

function preparedKey(vkey: VerifyingKey): PreparedKey | Refusal {
  let key = prepared.get(vkey);
  if (key === undefined) {
    key = prepare(vkey);
    prepared.set(vkey, key);
  }
  return key;
}

/**
 * Whether `proof` holds for `publicSignals` under `vkey`. Never throws for values of the right shape. The first call with a key object
 * checks the key and costs one pairing more.
 */
export function verifyGroth16(vkey: VerifyingKey, publicSignals: readonly bigint[], proof: Groth16Proof): Verdict {
  const key = preparedKey(vkey);
  if (typeof key === "string") return { ok: false, reason: key };
  if (publicSignals.length !== key.signals.length) return { ok: false, reason: "the number of public signals does not fit" };
  if (publicSignals.some((signal) => !below(BN254_ORDER, signal))) return { ok: false, reason: "a public signal is not below r" };
  const [a, b, c] = [pointG1(proof.a), pointG2(proof.b), pointG1(proof.c)];
  if (!a || !b || !c) return { ok: false, reason: "a point of the proof is not in its group" };

  const inputs = key.signals.reduce((sum, point, index) => {
    const signal = publicSignals[index] ?? 0n;
    return signal === 0n ? sum : sum.add(point.multiplyUnsafe(signal));
  }, key.constant);
  const pairs = [
    { g1: a, g2: b },
    { g1: c.negate(), g2: key.delta },
  ];
  if (!inputs.is0()) pairs.push({ g1: inputs.negate(), g2: key.gamma });
  const holds = fields.Fp12.eql(bn254.pairingBatch(pairs), key.alphaBeta);
  return holds ? { ok: true } : { ok: false, reason: "the pairing equation does not hold" };
}
