/** Each gadget on its own: right answers for right inputs, and no second assignment of its signals that satisfies the constraints. */
import { loadWitnessProgram, witnessValues, type WitnessInput } from "@zpu/circuits/witness";
import { commitInput, commitOutput, INPUT_DOMAIN, OUTPUT_DOMAIN } from "@zpu/proofs/commitment";
import { BN254_ORDER } from "@zpu/proofs/field";
import { poseidon } from "@zpu/proofs/poseidon";
import { describe, expect, it, vi } from "vitest";
import { compileCircom } from "./compile.ts";
import { holdsAll, readR1cs, survives, wiresByName } from "./r1cs-check.ts";

/** Compiling and proving share the machine with whatever else runs on it. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const FALSE_VALUES = [0n, 1n, 2n, 255n, 256n, -1n, BN254_ORDER >> 1n];

/** The gadget as a whole circuit, with what a test of it needs. */
async function gadget(component: string) {
  const { r1cs, wasm, sym } = compileCircom(`pragma circom 2.1.0;\ninclude "gadgets.circom";\ncomponent main = ${component};\n`, 1);
  const system = readR1cs(r1cs);
  const program = await loadWitnessProgram(new Uint8Array(wasm));
  const wires = wiresByName(sym);
  const wire = (name: string): number => {
    const number = wires.get(`main.${name}`);
    if (number === undefined) throw new Error(`no signal ${name}`);
    return number;
  };
  const witness = (input: WitnessInput): bigint[] => witnessValues(program.calculate(input));
  return { system, wires, wire, witness, calculate: program.calculate };
}
type Gadget = Awaited<ReturnType<typeof gadget>>;

/** Every single signal, falsified, breaks a constraint; `free` names the signals that may be anything for this witness. */
function expectBinding({ system, wires }: Gadget, witness: readonly bigint[], free: readonly string[] = []): void {
  expect(holdsAll(system, witness)).toBe(true);
  const exempt = new Set(free.map((name) => wires.get(`main.${name}`)));
  const accepted: string[] = [];
  for (let wire = 1; wire < witness.length; wire += 1) {
    if (exempt.has(wire)) continue;
    const right = witness[wire]!;
    for (const other of [...FALSE_VALUES, right + 1n, right - 1n, 1n - right]) {
      if ((other - right) % BN254_ORDER !== 0n && survives(system, witness, wire, other)) accepted.push(`wire ${wire} as ${other}`);
    }
  }
  expect(accepted).toEqual([]);
}

describe("Bits", () => {
  it("takes 0 to 2^n - 1 and nothing else", async () => {
    const bits = await gadget("Bits(8)");
    expect(bits.system.constraints.length).toBe(8);
    for (const value of [0, 1, 2, 127, 128, 254, 255]) expectBinding(bits, bits.witness({ in: value }), ["in"]); // its neighbour is as good a number
    for (const value of [256n, 257n, 511n, BN254_ORDER - 1n]) expect(() => bits.calculate({ in: value })).toThrow(RangeError);
  });

  it("has exactly one assignment for each number, over all bits and some values that are no bits", async () => {
    const bits = await gadget("Bits(4)");
    const upper = [0, 1, 2].map((index) => bits.wire(`upper[${index}]`));
    const values = [0n, 1n, 2n, BN254_ORDER - 1n, (BN254_ORDER + 1n) >> 1n];
    for (let number = 0n; number < 20n; number += 1n) {
      const witness = Array<bigint>(bits.system.byWire.length).fill(0n).with(0, 1n).with(bits.wire("in"), number);
      let satisfied = 0;
      for (let choice = 0; choice < values.length ** 3; choice += 1) {
        upper.forEach((wire, index) => (witness[wire] = values[Math.floor(choice / values.length ** index) % values.length]!));
        if (holdsAll(bits.system, witness)) satisfied += 1;
      }
      expect(satisfied).toBe(number < 16n ? 1 : 0);
    }
  });
});

describe("IsZero", () => {
  it("says 1 for zero alone, and cannot say otherwise", async () => {
    const isZero = await gadget("IsZero()");
    for (const value of [0n, 1n, 77n, BN254_ORDER - 1n]) {
      const witness = isZero.witness({ in: value });
      expect(witness[isZero.wire("out")]).toBe(value === 0n ? 1n : 0n);
      expectBinding(isZero, witness, value === 0n ? ["inverse"] : []);
      for (const inverse of FALSE_VALUES) {
        const lie = witness.with(isZero.wire("out"), value === 0n ? 0n : 1n).with(isZero.wire("inverse"), (inverse + BN254_ORDER) % BN254_ORDER);
        expect(holdsAll(isZero.system, lie)).toBe(false);
      }
    }
  });
});

describe("Requantise", () => {
  const expected = (value: number, shift: number) => BigInt(Math.min(255, Math.max(0, Math.floor((value + 2 ** (shift - 1)) / 2 ** shift))));
  const field = (value: number) => (BigInt(value) + BN254_ORDER) % BN254_ORDER;

  it("is relu, rounding shift and clip, on every number of a small range", async () => {
    const plain = await gadget("Requantise(6, 2)");
    expect(plain.system.constraints.length).toBe(6 + 3);
    expect((await gadget("Requantise(12, 2)")).system.constraints.length).toBe(12 + 7);
    for (let value = -64 - 2; value < 64 - 2; value += 1) {
      const witness = plain.witness({ in: field(value) });
      expect(witness[plain.wire("out")]).toBe(expected(value, 2));
      if (value % 5 === 0) expectBinding(plain, witness);
    }
    for (const value of [62, 63, 1000, -67, -1000]) expect(() => plain.calculate({ in: field(value) })).toThrow(RangeError);
  });

  it("saturates at 255 and nowhere else", async () => {
    const clipped = await gadget("Requantise(12, 2)");
    for (const value of [-4098, -4097, -3, -2, -1, 0, 1, 2, 3, 509, 1017, 1018, 1021, 1022, 1025, 2000, 4093]) {
      const witness = clipped.witness({ in: field(value) });
      expect(witness[clipped.wire("out")]).toBe(expected(value, 2));
      const saturates = value + 2 >= 1024;
      // Below zero nothing of the sum is used, so its high bits may be anything; then only the inverse of a zero is free.
      const highIsZero = ((value + 2 + 4096) & 0b1100_0000_0000) === 0;
      expectBinding(clipped, witness, highIsZero && !saturates ? ["fits.inverse"] : []);
    }
  });

  it("has one output for each input, whatever bits a prover chooses", async () => {
    const small = await gadget("Requantise(10, 1)");
    const upper = Array.from({ length: 10 }, (_, index) => small.wire(`bits.upper[${index}]`));
    const wire = { sum: small.wire("bits.in"), fits: small.wire("fits.out"), inverse: small.wire("fits.inverse"), below: small.wire("belowTop") };
    for (const value of [-1025, -700, -2, -1, 0, 1, 400, 509, 510, 511, 1022]) {
      const witness = small.witness({ in: field(value) });
      const outputs = new Set<bigint>();
      for (let choice = 0; choice < 1024; choice += 1) {
        for (const fits of [0n, 1n]) {
          const lie = [...witness];
          upper.forEach((at, index) => (lie[at] = BigInt((choice >> index) & 1)));
          const low = BigInt(choice & 255);
          lie[wire.fits] = fits;
          lie[wire.inverse] = fits === 0n ? 1n : 0n; // `high` is a single bit here: its inverse is itself
          lie[wire.below] = (((low - 255n) * fits) % BN254_ORDER + BN254_ORDER) % BN254_ORDER; // prettier-ignore
          lie[small.wire("out")] = BigInt((choice >> 9) & 1) * (fits === 1n ? low : 255n);
          if (holdsAll(small.system, lie)) outputs.add(lie[small.wire("out")]!);
        }
      }
      expect([...outputs]).toEqual([expected(value, 1)]);
    }
  });
});

describe("Hash", () => {
  it("is Poseidon, and binds", async () => {
    const hash = await gadget("Hash(4)"); // 14 and 15 elements: see ByteCommitment
    for (const inputs of [
      [0n, 0n, 0n, 0n],
      [1n, 2n, 3n, 4n],
      [BN254_ORDER - 1n, 0n, BN254_ORDER >> 1n, 5n],
    ]) {
      const witness = hash.witness({ inputs });
      expect(witness[hash.wire("out")]).toBe(poseidon(inputs));
      expectBinding(hash, witness);
    }
  });
});

describe("ByteCommitment", () => {
  it("is commitInput, and refuses what is not a byte", async () => {
    const commitment = await gadget(`ByteCommitment(784, ${INPUT_DOMAIN})`);
    const bytes = Uint8Array.from({ length: 784 }, (_, index) => (index * 31) % 256);
    const witness = commitment.witness({ bytes: Array.from(bytes), salt: 99n });
    expect(witness[commitment.wire("out")]).toBe(commitInput(bytes, 99n));
    expectBinding(commitment, witness);
    for (const wrong of [256n, BN254_ORDER - 1n]) {
      expect(() => commitment.calculate({ bytes: Array.from(bytes, BigInt).with(783, wrong), salt: 99n })).toThrow(RangeError);
    }
  });
});

describe("Int32Commitment", () => {
  it("is commitOutput", async () => {
    const commitment = await gadget(`Int32Commitment(10, ${OUTPUT_DOMAIN})`);
    const logits = [-(2 ** 31), 2 ** 31 - 1, 0, -1, 1, 5, -70_000, 123_456, 9, 10];
    const witness = commitment.witness({ in: logits.map((logit) => (BigInt(logit) + BN254_ORDER) % BN254_ORDER), salt: 3n });
    expect(witness[commitment.wire("out")]).toBe(commitOutput(logits, 3n));
    expectBinding(commitment, witness);
  });
});
