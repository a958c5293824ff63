/** What the node can run and prove: a model with its artifacts, all named by digest. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { DIGITS } from "@zpu/circuits/digits";
import { ZpuError } from "@zpu/protocol/errors";
import { modelId, type ModelId } from "@zpu/protocol/ids";
import type { ProverFiles } from "../proving/groth16.ts";

/** Everything the processes of a model load. Digests are SHA-256 as 0x-hex, paths absolute. */
export interface ProvableModel {
  readonly name: string;
  readonly modelId: ModelId;
  readonly onnx: { readonly path: string; readonly sha256: string };
  readonly proverFiles: ProverFiles;
}

/** The digits model of the development network, from its committed artifacts. */
export function digitsModel(): ProvableModel {
  return {
    name: DIGITS.name,
    modelId: modelId.parse(DIGITS.modelId),
    onnx: DIGITS.onnx,
    proverFiles: {
      witnessPath: DIGITS.witness.path,
      witnessSha256: DIGITS.witness.sha256,
      zkeyPath: DIGITS.zkey.path,
      zkeySha256: DIGITS.zkey.sha256,
      vkeyPath: DIGITS.vkey.path,
      vkeySha256: DIGITS.vkey.sha256,
    },
  };
}

/** MODEL_HASH_MISMATCH for the first file of `model` that is missing or not what its digest says; undefined where all are. */
export function checkFiles({ name, onnx, proverFiles }: ProvableModel): ZpuError | undefined {
  const files: [path: string, sha256: string][] = [
    [onnx.path, onnx.sha256],
    [proverFiles.witnessPath, proverFiles.witnessSha256],
    [proverFiles.zkeyPath, proverFiles.zkeySha256],
    [proverFiles.vkeyPath, proverFiles.vkeySha256],
  ];
  for (const [path, sha256] of files) {
    let actual: string;
    try {
      actual = `0x${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    } catch {
      actual = "missing";
    }
    if (actual !== sha256) return new ZpuError("MODEL_HASH_MISMATCH", { model: name, path, actual });
  }
  return undefined;
}
