/** The verifier against a key whose trapdoor is known here: valid proofs for any signals by algebra alone, then everything that may be wrong. */
import { bn254 } from "@noble/curves/bn254.js";
import { describe, expect, it } from "vitest";
import { BN254_BASE, BN254_ORDER } from "./field.ts";
import { checkVerifyingKey, verifyGroth16, type Groth16Proof, type PointG1, type PointG2, type VerifyingKey } from "./groth16.ts";
import { proofFromSnarkjs, proofToSnarkjs, vkeyFromSnarkjs } from "./snarkjs-format.ts";

const { G1, G2, fields } = bn254;
const { Fr } = fields;

const g1 = (scalar: bigint): PointG1 => {
  const { x, y } = G1.Point.BASE.multiply(scalar).toAffine();
  return [x, y];
};
const g2 = (scalar: bigint): PointG2 => {
  const { x, y } = G2.Point.BASE.multiply(scalar).toAffine();
  return [
    [x.c0, x.c1],
    [y.c0, y.c1],
  ];
};

const TRAPDOOR = { alpha: 11n, beta: 13n, gamma: 17n, delta: 19n, ic: [23n, 29n, 31n, 37n] };
const vkey: VerifyingKey = {
  alpha: g1(TRAPDOOR.alpha),
  beta: g2(TRAPDOOR.beta),
  gamma: g2(TRAPDOOR.gamma),
  delta: g2(TRAPDOOR.delta),
  ic: TRAPDOOR.ic.map(g1),
};

/** A proof that only the holder of the trapdoor can make: c = (a b - alpha beta - gamma inputs) / delta. */
function simulate(signals: readonly bigint[], a = 1234567n, b = 7654321n): Groth16Proof {
  const inputs = signals.reduce((sum, signal, index) => Fr.add(sum, Fr.mul(signal, TRAPDOOR.ic[index + 1]!)), TRAPDOOR.ic[0]!);
  const rest = Fr.sub(Fr.sub(Fr.mul(a, b), Fr.mul(TRAPDOOR.alpha, TRAPDOOR.beta)), Fr.mul(TRAPDOOR.gamma, inputs));
  return { a: g1(a), b: g2(b), c: g1(Fr.div(rest, TRAPDOOR.delta)) };
}

const SIGNALS = [5n, BN254_ORDER - 1n, 0n];
const PROOF = simulate(SIGNALS);

/** A point on the twist outside the subgroup of order r: the cofactor is large, so the first x that fits will do. */
function outsideSubgroup(): PointG2 {
  const { Fp2 } = fields;
  const b = Fp2.div(Fp2.create({ c0: 3n, c1: 0n }), Fp2.create({ c0: 9n, c1: 1n }));
  for (let c0 = 1n; ; c0 += 1n) {
    const x = Fp2.create({ c0, c1: 0n });
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      const point = G2.Point.fromAffine({ x, y });
      if (!point.isTorsionFree()) {
        return [
          [x.c0, x.c1],
          [y.c0, y.c1],
        ];
      }
    } catch {
      // no square root: not the x of a point
    }
  }
}

const refused = (proof: Groth16Proof, signals: readonly bigint[] = SIGNALS, key = vkey) => {
  const verdict = verifyGroth16(key, signals, proof);
  return verdict.ok ? "accepted" : verdict.reason;
};

describe("verifyGroth16", () => {
  it("accepts proofs for any signals below r, also where the sum of inputs is infinity", () => {
    expect(refused(PROOF)).toBe("accepted");
    const zeroing = Fr.div(Fr.neg(TRAPDOOR.ic[0]!), TRAPDOOR.ic[1]!);
    expect(refused(simulate([zeroing, 0n, 0n]), [zeroing, 0n, 0n])).toBe("accepted");
  });

  it("refuses each changed signal", () => {
    SIGNALS.forEach((signal, index) => {
      expect(refused(PROOF, SIGNALS.with(index, (signal + 1n) % BN254_ORDER))).toBe("the pairing equation does not hold");
    });
  });

  it("refuses a signal of r or above, even where it is congruent, and a negative one", () => {
    expect(refused(PROOF, SIGNALS.with(0, 5n + BN254_ORDER))).toBe("a public signal is not below r");
    expect(refused(PROOF, SIGNALS.with(2, BN254_ORDER))).toBe("a public signal is not below r");
    expect(refused(PROOF, SIGNALS.with(2, -1n))).toBe("a public signal is not below r");
  });

  it("refuses another number of signals", () => {
    expect(refused(PROOF, SIGNALS.slice(1))).toBe("the number of public signals does not fit");
    expect(refused(PROOF, [...SIGNALS, 0n])).toBe("the number of public signals does not fit");
  });

  it("refuses points off the curve, outside the subgroup, not reduced, or at infinity", () => {
    const reason = "a point of the proof is not in its group";
    const [x, y] = PROOF.a;
    expect(refused({ ...PROOF, a: [x, y + 1n] })).toBe(reason);
    expect(refused({ ...PROOF, a: [x + BN254_BASE, y] })).toBe(reason);
    expect(refused({ ...PROOF, a: [0n, 0n] })).toBe(reason);
    expect(refused({ ...PROOF, c: [1n, 1n] })).toBe(reason);
    expect(refused({ ...PROOF, c: [-1n, 2n] })).toBe(reason);
    const [bx, by] = PROOF.b;
    expect(refused({ ...PROOF, b: [by, bx] })).toBe(reason);
    expect(refused({ ...PROOF, b: [[bx[1], bx[0]], [by[1], by[0]]] })).toBe(reason); // prettier-ignore
    expect(refused({ ...PROOF, b: [[0n, 0n], [0n, 0n]] })).toBe(reason); // prettier-ignore
    expect(refused({ ...PROOF, b: outsideSubgroup() })).toBe(reason);
  });

  it("refuses other points of the groups, and accepts a re-randomised proof: a proof is no identity", () => {
    expect(refused({ ...PROOF, a: g1(2n) })).toBe("the pairing equation does not hold");
    expect(refused({ ...PROOF, b: g2(2n) })).toBe("the pairing equation does not hold");
    expect(refused({ ...PROOF, c: g1(2n) })).toBe("the pairing equation does not hold");
    expect(refused(simulate(SIGNALS, 99n, 77n))).toBe("accepted");
  });

  it("refuses a key whose gamma equals delta, with a proof forged for it", () => {
    const forgeable = { ...vkey, delta: vkey.gamma };
    const point = ([x, y]: PointG1) => G1.Point.fromAffine({ x, y });
    const inputs = SIGNALS.reduce((sum, signal, index) => {
      return signal === 0n ? sum : sum.add(point(vkey.ic[index + 1]!).multiply(signal));
    }, point(vkey.ic[0]!));
    const { x, y } = inputs.negate().toAffine();
    const forged: Groth16Proof = { a: vkey.alpha, b: vkey.beta, c: [x, y] };
    const gamma = G2.Point.BASE.multiply(TRAPDOOR.gamma);
    const both = fields.Fp12.mul(bn254.pairing(inputs, gamma), bn254.pairing(inputs.negate(), gamma));
    expect(fields.Fp12.eql(both, fields.Fp12.ONE)).toBe(true); // so the equation holds, made without knowing anything
    expect(refused(forged, SIGNALS, forgeable)).toBe("the verifying key has gamma equal to delta: anyone could forge");
    expect(checkVerifyingKey(forgeable).ok).toBe(false);
    expect(checkVerifyingKey(vkey).ok).toBe(true);
  });

  const negated = ([x, y]: PointG2): PointG2 => [x, [(BN254_BASE - y[0]) % BN254_BASE, (BN254_BASE - y[1]) % BN254_BASE]];
  const { alpha, beta, gamma, delta } = TRAPDOOR;
  const inputsOf = SIGNALS.reduce((sum, signal, index) => Fr.add(sum, Fr.mul(signal, TRAPDOOR.ic[index + 1]!)), TRAPDOOR.ic[0]!);
  const s = 4242n;
  /** Each proof combines points that the key and the signals show to anyone (the scalars stand for them) and holds no witness. */
  it.each([
    ["delta = gamma", { delta: vkey.gamma }, { a: alpha, b: beta, c: -inputsOf }],
    ["delta = -gamma", { delta: negated(vkey.gamma) }, { a: alpha, b: beta, c: inputsOf }],
    ["delta = beta", { delta: vkey.beta }, { a: inputsOf, b: gamma, c: -alpha }],
    ["delta = -beta", { delta: negated(vkey.beta) }, { a: inputsOf, b: gamma, c: alpha }],
    ["gamma = beta", { gamma: vkey.beta }, { a: alpha + inputsOf, b: beta + s * delta, c: s * (alpha + inputsOf) }],
    ["gamma = -beta", { gamma: negated(vkey.beta) }, { a: alpha - inputsOf, b: beta + s * delta, c: s * (alpha - inputsOf) }],
  ])("refuses a key with %s, with a proof forged for it", (_name, part, { a, b, c }) => {
    const key: VerifyingKey = { ...vkey, ...part };
    const forged: Groth16Proof = { a: g1(Fr.create(a)), b: g2(Fr.create(b)), c: g1(Fr.create(c)) };
    const g1Point = ([x, y]: PointG1) => G1.Point.fromAffine({ x, y });
    const g2Point = ([x, y]: PointG2) => G2.Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } });
    const right = bn254.pairingBatch([
      { g1: g1Point(key.alpha), g2: g2Point(key.beta) },
      { g1: G1.Point.BASE.multiply(inputsOf), g2: g2Point(key.gamma) },
      { g1: g1Point(forged.c), g2: g2Point(key.delta) },
    ]);
    expect(fields.Fp12.eql(bn254.pairing(g1Point(forged.a), g2Point(forged.b)), right)).toBe(true);
    expect(refused(forged, SIGNALS, key)).toMatch(/anyone could forge$/);
    expect(checkVerifyingKey(key).ok).toBe(false);
  });

  it("refuses a key with a point outside its group", () => {
    expect(refused(PROOF, SIGNALS, { ...vkey, gamma: outsideSubgroup() })).toBe("a point of the verifying key is not in its group");
    expect(refused(PROOF, SIGNALS, { ...vkey, ic: [[1n, 1n], ...vkey.ic.slice(1)] })).toBe("a point of the verifying key is not in its group");
  });
});

describe("snarkjs' JSON", () => {
  it("gives the proof back that it was made from", () => {
    expect(proofFromSnarkjs(proofToSnarkjs(PROOF))).toEqual(PROOF);
  });

  it("refuses other systems, other shapes and numbers that are not plain decimals", () => {
    const json = proofToSnarkjs(PROOF);
    for (const wrong of [
      null,
      {},
      { ...json, protocol: "plonk" },
      { ...json, curve: "bls12381" },
      { ...json, pi_a: json.pi_a.slice(1) },
      { ...json, pi_a: [json.pi_a[0], json.pi_a[1], "2"] },
      { ...json, pi_a: ["0x1", "2", "1"] },
      { ...json, pi_a: ["-1", "2", "1"] },
      { ...json, pi_c: [1, 2, 1] },
    ]) {
      expect(() => proofFromSnarkjs(wrong)).toThrow(RangeError);
    }
    expect(() => vkeyFromSnarkjs({ protocol: "groth16", curve: "bn128", nPublic: 3 })).toThrow(RangeError);
  });
});
