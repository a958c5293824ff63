/** The committed digits model: what is on disk is what the manifest says, and it reads digits it has never seen. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkVerifyingKey } from "@zpu/proofs/groth16";
import { describe, expect, it } from "vitest";
import { loadDataSet, seededRandom, shuffle } from "./data-set.ts";
import { checkArtifacts, DIGITS } from "./digits.ts";
import { classify, loadModel } from "./digits-reference.ts";
import { modelIdentity } from "./model-id.ts";

describe("the committed artifacts", () => {
  it("have the digests of the manifest, and the identity follows from them", () => {
    expect(checkArtifacts()).toEqual([]);
    expect(modelIdentity(loadModel(), readFileSync(DIGITS.onnx.path))).toEqual(DIGITS.identity);
    expect(DIGITS.modelId).toBe(DIGITS.identity.modelId);
    expect(DIGITS.onnx.sha256).toBe(DIGITS.identity.fileDigest);
  });

  it("are named where one is damaged or missing", () => {
    const directory = mkdtempSync(join(tmpdir(), "zpu-artifacts-"));
    const copy = join(directory, "digits.onnx");
    copyFileSync(DIGITS.onnx.path, copy);
    const bytes = readFileSync(copy);
    bytes[1_000]! ^= 1;
    writeFileSync(copy, bytes);
    const gone = join(directory, "digits.zkey");
    const found = checkArtifacts({ ...DIGITS, onnx: { ...DIGITS.onnx, path: copy }, zkey: { ...DIGITS.zkey, path: gone } });
    rmSync(directory, { recursive: true });
    expect(found.map(({ path }) => path)).toEqual([copy, gone]);
    expect(found[0]!.actual).not.toBe(DIGITS.onnx.sha256);
    expect(found[1]!.actual).toBe("missing");
  });

  it("have a key that may be used, for three public signals", () => {
    expect(checkVerifyingKey(DIGITS.verifyingKey)).toEqual({ ok: true });
    expect(DIGITS.verifyingKey.ic).toHaveLength(4);
  });
});

describe("the digits model", () => {
  it("has the stated accuracy on all held-out digits", () => {
    const model = loadModel();
    const { heldOut } = loadDataSet();
    const right = heldOut.filter(({ pixels, label }) => classify(model, pixels).digit === label).length;
    expect(heldOut).toHaveLength(DIGITS.accuracy.heldOutDigits);
    expect(right / heldOut.length).toBe(DIGITS.accuracy.integer);
    expect(DIGITS.accuracy.integer).toBeGreaterThan(0.98);
    expect(DIGITS.accuracy.integer).toBeGreaterThan(DIGITS.accuracy.float - 0.005);
  }, 60_000);
});

describe("the data set", () => {
  it("splits the same way every time, without a digit in both parts", () => {
    const [first, second] = [loadDataSet(), loadDataSet()];
    const key = ({ pixels, label }: { pixels: Uint8Array; label: number }) => `${label} ${Buffer.from(pixels).toString("base64")}`;
    expect(first.heldOut.map(key)).toEqual(second.heldOut.map(key));
    const trained = new Set(first.training.map(key));
    expect([first.training.length, first.heldOut.length, trained.size]).toEqual([8_000, 2_000, 8_000]);
    expect(first.heldOut.filter((digit) => trained.has(key(digit)))).toEqual([]);
  });

  it("draws from a seed, and from nothing else", () => {
    const draw = (seed: number) => shuffle([1, 2, 3, 4, 5, 6, 7, 8], seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
