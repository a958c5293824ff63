/** The whole circuit from the committed weights: what was committed is what it compiles to, it agrees with the device, and it binds. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadDataSet } from "@zpu/circuits/data-set";
import { DIGITS } from "@zpu/circuits/digits";
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { argMax, inferInteger } from "@zpu/circuits/integer-model";
import { loadWitnessProgram, witnessValues, type WitnessProgram } from "@zpu/circuits/witness";
import { commitInput, commitOutput } from "@zpu/proofs/commitment";
import { BN254_ORDER } from "@zpu/proofs/field";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { compileCircom, type Compiled } from "./compile.ts";
import { digitsCircuit, requantiseBits } from "./digits-circuit.ts";
import { integerGraph } from "./integer-graph.ts";
import { holds, holdsAll, readR1cs, wiresByName, type ConstraintSystem } from "./r1cs-check.ts";

/** Compiling and proving share the machine with whatever else runs on it. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Digits on which three implementations must agree bit for bit. */
const AGREEING_DIGITS = 1_000;
/** Where in the held-out digits they start: another thousand every day, `ZPU_SEED` chooses one. */
const OFFSET = Number(process.env.ZPU_SEED ?? Math.floor(Date.now() / 86_400_000));

const model = loadModel();
const { heldOut } = loadDataSet();
const sha256 = (bytes: Uint8Array) => `0x${createHash("sha256").update(bytes).digest("hex")}`;

let compiled: Compiled;
let system: ConstraintSystem;
let program: WitnessProgram;
let wires: Map<string, number>;

const SALTS = { inputSalt: 1234567n, outputSalt: BN254_ORDER - 1n };
const inputFor = (pixels: Uint8Array, logits: readonly number[]) => ({
  inputCommitment: commitInput(pixels, SALTS.inputSalt),
  outputCommitment: commitOutput(logits, SALTS.outputSalt),
  context: 4242n,
  pixels: Array.from(pixels),
  ...SALTS,
});
const signed = (value: bigint): number => Number(value > BN254_ORDER >> 1n ? value - BN254_ORDER : value);

beforeAll(async () => {
  compiled = compileCircom(digitsCircuit(model), 1);
  system = readR1cs(compiled.r1cs);
  wires = wiresByName(compiled.sym);
  program = await loadWitnessProgram(new Uint8Array(readFileSync(DIGITS.witness.path)));
});

describe("the committed artifacts", () => {
  it("are what the committed weights compile to", () => {
    const transcript = JSON.parse(readFileSync(DIGITS.transcript.path, "utf8")) as { circuit: { r1csSha256: string; constraints: number } };
    expect(sha256(compiled.wasm)).toBe(DIGITS.witness.sha256);
    expect(sha256(compiled.r1cs)).toBe(transcript.circuit.r1csSha256);
    expect(system.constraints.length).toBe(transcript.circuit.constraints);
    expect(system.constraints.length + 4).toBeLessThanOrEqual(2 ** 14);
    expect(sha256(integerGraph(model, DIGITS.name))).toBe(DIGITS.onnx.sha256);
  });
});

describe("agreement", () => {
  it(`of onnxruntime, the witness and plain integers, bit for bit on ${AGREEING_DIGITS} digits (from ${OFFSET % heldOut.length})`, async () => {
    const session = await InferenceSession.create(DIGITS.onnx.path, { intraOpNumThreads: 1 });
    const logitWires = Array.from({ length: 10 }, (_, index) => wires.get(`main.logits[${index}]`)!);
    const hiddenWires = Array.from({ length: 128 }, (_, index) => wires.get(`main.hidden[${index}]`)!);
    let right = 0;
    for (let count = 0; count < AGREEING_DIGITS; count += 1) {
      const { pixels, label } = heldOut[(OFFSET + count) % heldOut.length]!;
      const { hidden, outputs } = inferInteger(model, pixels);
      const { logits } = await session.run({ pixels: new Tensor("uint8", pixels, [1, 784]) });
      expect(Array.from(logits!.data as Int32Array)).toEqual(outputs);
      const wtns = program.calculate(inputFor(pixels, outputs));
      expect(witnessValues(wtns, logitWires).map(signed)).toEqual(outputs);
      expect(witnessValues(wtns, hiddenWires).map(Number)).toEqual(Array.from(hidden));
      if (argMax(outputs) === label) right += 1;
    }
    expect(right / AGREEING_DIGITS).toBeGreaterThan(0.97);
  });

  it("holds at the corners too: no ink, all ink, noise", async () => {
    const session = await InferenceSession.create(DIGITS.onnx.path, { intraOpNumThreads: 1 });
    const corners = [new Uint8Array(784), new Uint8Array(784).fill(255), Uint8Array.from({ length: 784 }, (_, index) => (index * 197) % 256)];
    // Inputs that drive one hidden unit to its highest and its lowest accumulator: where a bound too small would show.
    for (const row of [0, 63, 127]) {
      for (const sign of [1, -1])
        corners.push(Uint8Array.from({ length: 784 }, (_, column) => (model.hidden.weights[row * 784 + column]! * sign > 0 ? 255 : 0)));
    }
    for (const pixels of corners) {
      const { logits } = classify(model, pixels);
      expect(Array.from((await session.run({ pixels: new Tensor("uint8", pixels, [1, 784]) })).logits!.data as Int32Array)).toEqual(logits);
      expect(holdsAll(system, witnessValues(program.calculate(inputFor(pixels, logits))))).toBe(true);
    }
  });
});

describe("binding", () => {
  const { pixels } = heldOut[0]!;
  const { logits } = classify(model, pixels);

  it("finds no witness for a wrong output, a wrong input, another salt, or a pixel that is no byte", () => {
    const input = inputFor(pixels, logits);
    expect(() => program.calculate(input)).not.toThrow();
    const wrongLogits = logits.with(3, logits[3]! + 1);
    expect(() => program.calculate({ ...input, outputCommitment: commitOutput(wrongLogits, SALTS.outputSalt) })).toThrow("no witness");
    expect(() => program.calculate({ ...input, pixels: input.pixels.with(400, 255 - input.pixels[400]!) })).toThrow("no witness");
    expect(() => program.calculate({ ...input, inputSalt: 1n })).toThrow("no witness");
    expect(() => program.calculate({ ...input, outputSalt: 1n })).toThrow("no witness");
    expect(() => program.calculate({ ...input, pixels: input.pixels.with(0, 256) })).toThrow("no witness");
    const { context: _, ...short } = input;
    expect(() => program.calculate(short)).toThrow(RangeError);
    expect(() => program.calculate({ ...input, context: BN254_ORDER })).toThrow(RangeError);
  });

  it("lets no single signal of the witness be another number", () => {
    const witness = witnessValues(program.calculate(inputFor(pixels, logits)));
    expect(holdsAll(system, witness)).toBe(true);
    // The inverse of a zero means nothing and is the one thing left to the prover.
    // Any context has a witness, so -context (the same square) has this one: which context a proof is for is bound by its public signals.
    const free = new Set<number>([wires.get("main.context")!]);
    for (let row = 0; row < 128; row += 1) {
      const fits = wires.get(`main.unit${row}.fits.out`);
      if (fits !== undefined && witness[fits] === 1n) free.add(wires.get(`main.unit${row}.fits.inverse`)!);
    }
    const accepted: string[] = [];
    for (let wire = 1; wire < witness.length; wire += 1) {
      if (free.has(wire)) continue;
      const right = witness[wire]!;
      for (const other of [right + 1n, BN254_ORDER + 1n - right, right + 256n, BN254_ORDER - right]) {
        const value = other % BN254_ORDER;
        if (value === right) continue;
        witness[wire] = value;
        if (system.byWire[wire]!.every((index) => holds(system, index, witness))) accepted.push(`wire ${wire} as ${value}`);
      }
      witness[wire] = right;
    }
    expect(accepted).toEqual([]);
    expect(free.size).toBeLessThanOrEqual(129);
  });

  it("bounds every hidden unit below the field by far, from its weights", () => {
    for (let row = 0; row < 128; row += 1) expect(requantiseBits(model, row)).toBeLessThan(40);
  });
});
