/** A digit proven with the committed keys: two verifiers agree, and neither takes it for anything else. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadDataSet } from "@zpu/circuits/data-set";
import { DIGITS } from "@zpu/circuits/digits";
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { loadWitnessProgram } from "@zpu/circuits/witness";
import { commitInput, commitOutput, randomSalt } from "@zpu/proofs/commitment";
import { BN254_BASE, BN254_ORDER } from "@zpu/proofs/field";
import { verifyGroth16, type Groth16Proof } from "@zpu/proofs/groth16";
import { proofFromSnarkjs, proofToSnarkjs } from "@zpu/proofs/snarkjs-format";
import { groth16 } from "./snarkjs.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { endThreads } from "./powers-of-tau.ts";

/** Compiling and proving share the machine with whatever else runs on it. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const vkeyJson = JSON.parse(readFileSync(DIGITS.vkey.path, "utf8")) as unknown;
const digits = loadDataSet().heldOut;
const { pixels } = digits[Math.floor(Math.random() * digits.length)]!;
const { logits } = classify(loadModel(), pixels);
const salts = { inputSalt: randomSalt(randomBytes), outputSalt: randomSalt(randomBytes) };
const context = BigInt(`0x${randomBytes(31).toString("hex")}`);
const signals = [commitInput(pixels, salts.inputSalt), commitOutput(logits, salts.outputSalt), context];

let proof: Groth16Proof;

/** What both verifiers say; they must say the same. */
async function verdict(publicSignals: readonly bigint[], candidate: Groth16Proof): Promise<boolean> {
  const ours = verifyGroth16(DIGITS.verifyingKey, publicSignals, candidate).ok;
  const theirs = await groth16.verify(vkeyJson, publicSignals.map(String), proofToSnarkjs(candidate));
  expect(ours).toBe(theirs);
  return ours;
}

beforeAll(async () => {
  const program = await loadWitnessProgram(new Uint8Array(readFileSync(DIGITS.witness.path)));
  const [inputCommitment, outputCommitment] = signals;
  const data = program.calculate({
    inputCommitment: inputCommitment!,
    outputCommitment: outputCommitment!,
    context,
    pixels: Array.from(pixels),
    ...salts,
  });
  const proven = await groth16.prove(DIGITS.zkey.path, { type: "mem", data });
  expect(proven.publicSignals).toEqual(signals.map(String));
  proof = proofFromSnarkjs(proven.proof);
});

afterAll(endThreads);

describe("a proven digit", () => {
  it("verifies with our verifier and with snarkjs", async () => {
    expect(await verdict(signals, proof)).toBe(true);
  });

  it("is refused for a wrong output, a wrong input and another context", async () => {
    const otherInput = commitInput(pixels.with(400, 255 - pixels[400]!), salts.inputSalt);
    const otherOutput = commitOutput(logits.with(0, logits[0]! + 1), salts.outputSalt);
    expect(await verdict(signals.with(0, otherInput), proof)).toBe(false);
    expect(await verdict(signals.with(1, otherOutput), proof)).toBe(false);
    expect(await verdict(signals.with(2, context ^ 1n), proof)).toBe(false);
    expect(await verdict(signals.with(2, BN254_ORDER - context), proof)).toBe(false); // the same square
    expect(await verdict([signals[1]!, signals[0]!, context], proof)).toBe(false);
  });

  it("is refused with a signal that is not below r, though it is congruent", async () => {
    expect(await verdict(signals.with(2, context + BN254_ORDER), proof)).toBe(false);
    expect(await verdict(signals.with(0, signals[0]! + BN254_ORDER), proof)).toBe(false);
  });

  it("is refused with malformed or other points", () => {
    const reasons = [
      { ...proof, a: [proof.a[0], proof.a[1] + 1n] as const },
      { ...proof, a: [proof.a[0] + BN254_BASE, proof.a[1]] as const },
      { ...proof, a: [0n, 0n] as const },
      { ...proof, b: [proof.b[1], proof.b[0]] as const },
      { ...proof, a: proof.c, c: proof.a },
      { ...proof, a: [proof.a[0], BN254_BASE - proof.a[1]] as const },
    ].map((candidate) => {
      const answer = verifyGroth16(DIGITS.verifyingKey, signals, candidate);
      return answer.ok ? "accepted" : answer.reason;
    });
    const malformed = "a point of the proof is not in its group";
    const other = "the pairing equation does not hold";
    expect(reasons).toEqual([malformed, malformed, malformed, malformed, other, other]);
  });
});

describe("the committed fixture", () => {
  it("is a proof of what it says", async () => {
    const fixture = JSON.parse(readFileSync(DIGITS.fixture.path, "utf8")) as {
      pixels: string;
      logits: number[];
      inputSalt: string;
      outputSalt: string;
      signals: string[];
      proof: unknown;
    };
    const image = new Uint8Array(Buffer.from(fixture.pixels, "base64"));
    expect(classify(loadModel(), image).logits).toEqual(fixture.logits);
    expect(fixture.signals[0]).toBe(String(commitInput(image, BigInt(fixture.inputSalt))));
    expect(fixture.signals[1]).toBe(String(commitOutput(fixture.logits, BigInt(fixture.outputSalt))));
    expect(await verdict(fixture.signals.map(BigInt), proofFromSnarkjs(fixture.proof))).toBe(true);
  });
});
