/** The digits model as the rest of the product meets it: its name, its id, and its committed artifacts with their digests. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vkeyFromSnarkjs } from "@zpu/proofs/snarkjs-format";
import type { VerifyingKey } from "@zpu/proofs/groth16";
import { z } from "zod";
import type { Hex32, ModelIdentity } from "./model-id.ts";

const hex32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex32);

/** `manifest.json`. */
export const manifest = z.object({
  name: z.literal("digits-mlp"),
  semantics: z.string(),
  identity: z.object({ fileDigest: hex32, weightRoot: hex32, semanticsDigest: hex32, modelId: hex32 }),
  constraints: z.number().int().positive(),
  accuracy: z.object({ heldOutDigits: z.number().int(), float: z.number(), integer: z.number() }),
  files: z.object({
    "weights.json": hex32,
    "training.json": hex32,
    "digits.onnx": hex32,
    "digits.wasm": hex32,
    "digits.zkey": hex32,
    "vkey.json": hex32,
    "transcript.json": hex32,
    "fixture.json": hex32,
  }),
});
export type Manifest = z.infer<typeof manifest>;

/** A committed file: absolute path and the SHA-256 it must have. */
export interface Artifact {
  readonly path: string;
  readonly sha256: Hex32;
}

/** The one provable model of the development network. */
export interface DigitsModel {
  /** As offers name it. */
  readonly name: "digits-mlp";
  readonly modelId: Hex32;
  readonly identity: ModelIdentity;
  readonly semantics: string;
  /** Integer graph: input "pixels" uint8 [1, 784], output "logits" int32 [1, 10]. */
  readonly onnx: Artifact;
  readonly weights: Artifact;
  /** Witness program. */
  readonly witness: Artifact;
  readonly zkey: Artifact;
  readonly vkey: Artifact;
  readonly transcript: Artifact;
  /** One proven digit: `{pixels, label, logits, inputSalt, outputSalt, signals, proof}`, numbers as decimal strings. */
  readonly fixture: Artifact;
  readonly verifyingKey: VerifyingKey;
  readonly constraints: number;
  /** Shares of correct answers on digits the training never saw. */
  readonly accuracy: Manifest["accuracy"];
}

const DIRECTORY = fileURLToPath(new URL("./artifacts/", import.meta.url));

function load(): DigitsModel {
  const known = manifest.parse(JSON.parse(readFileSync(join(DIRECTORY, "manifest.json"), "utf8")));
  const file = (name: keyof Manifest["files"]): Artifact => ({ path: join(DIRECTORY, name), sha256: known.files[name] });
  const vkey = file("vkey.json");
  return {
    name: known.name,
    modelId: known.identity.modelId,
    identity: known.identity,
    semantics: known.semantics,
    onnx: file("digits.onnx"),
    weights: file("weights.json"),
    witness: file("digits.wasm"),
    zkey: file("digits.zkey"),
    vkey,
    transcript: file("transcript.json"),
    fixture: file("fixture.json"),
    verifyingKey: vkeyFromSnarkjs(JSON.parse(readFileSync(vkey.path, "utf8"))),
    constraints: known.constraints,
    accuracy: known.accuracy,
  };
}

/** The committed digits model; throws at import where its manifest is missing or unsound. */
export const DIGITS: DigitsModel = load();

/** Artifacts whose content is not what the manifest says; empty where all is well. Reads about 15 MB. */
export function checkArtifacts(model: DigitsModel = DIGITS): { path: string; expected: Hex32; actual: Hex32 | "missing" }[] {
  const wrong: { path: string; expected: Hex32; actual: Hex32 | "missing" }[] = [];
  for (const { path, sha256 } of [model.onnx, model.weights, model.witness, model.zkey, model.vkey, model.transcript, model.fixture]) {
    let actual: Hex32 | "missing";
    try {
      actual = `0x${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    } catch {
      actual = "missing";
    }
    if (actual !== sha256) wrong.push({ path, expected: sha256, actual });
  }
  return wrong;
}
