/** Proofs and verifying keys in the JSON that snarkjs writes: decimal strings, projective coordinates. Parsed strictly. */
import type { Groth16Proof, PointG1, PointG2, VerifyingKey } from "./groth16.ts";

/** `proof.json`. */
export interface SnarkjsProof {
  readonly pi_a: readonly string[];
  readonly pi_b: readonly (readonly string[])[];
  readonly pi_c: readonly string[];
  readonly protocol: string;
  readonly curve: string;
}

const fail = (what: string): never => {
  throw new RangeError(`not a snarkjs ${what}`);
};

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : fail("object");
}

function decimal(value: unknown): bigint {
  if (typeof value !== "string" || !/^(?:0|[1-9][0-9]{0,77})$/.test(value)) return fail("number");
  return BigInt(value);
}

function listOf(value: unknown, length: number): readonly unknown[] {
  return Array.isArray(value) && value.length === length ? (value as unknown[]) : fail("list");
}

function pointG1(value: unknown): PointG1 {
  const [x, y, z] = listOf(value, 3);
  return z === "1" ? [decimal(x), decimal(y)] : fail("affine point");
}

function pointG2(value: unknown): PointG2 {
  const pair = (coordinate: unknown): [bigint, bigint] => {
    const [c0, c1] = listOf(coordinate, 2);
    return [decimal(c0), decimal(c1)];
  };
  const [x, y, z] = listOf(value, 3);
  const [one, zero] = listOf(z, 2);
  return one === "1" && zero === "0" ? [pair(x), pair(y)] : fail("affine point");
}

function checkSystem(value: unknown): void {
  if (field(value, "protocol") !== "groth16" || field(value, "curve") !== "bn128") fail("Groth16 object over BN254");
}

/** The proof in a parsed `proof.json`; throws RangeError where it has another shape. */
export function proofFromSnarkjs(value: unknown): Groth16Proof {
  checkSystem(value);
  return { a: pointG1(field(value, "pi_a")), b: pointG2(field(value, "pi_b")), c: pointG1(field(value, "pi_c")) };
}

/** The same proof for snarkjs. */
export function proofToSnarkjs(proof: Groth16Proof): { pi_a: string[]; pi_b: string[][]; pi_c: string[]; protocol: string; curve: string } {
  const flat = (point: PointG1): string[] => [...point.map(String), "1"];
  return {
    pi_a: flat(proof.a),
    pi_b: [...proof.b.map((pair) => pair.map(String)), ["1", "0"]],
    pi_c: flat(proof.c),
    protocol: "groth16",
    curve: "bn128",
  };
}

/** The verifying key in a parsed `vkey.json`; throws RangeError where it has another shape. */
export function vkeyFromSnarkjs(value: unknown): VerifyingKey {
  checkSystem(value);
  const signals = field(value, "nPublic");
  if (typeof signals !== "number" || !Number.isInteger(signals) || signals < 0 || signals > 1_000) return fail("verifying key");
  return {
    alpha: pointG1(field(value, "vk_alpha_1")),
    beta: pointG2(field(value, "vk_beta_2")),
    gamma: pointG2(field(value, "vk_gamma_2")),
    delta: pointG2(field(value, "vk_delta_2")),
    ic: listOf(field(value, "IC"), signals + 1).map(pointG1),
  };
}
