/** What the node can run and prove: a model with its artifacts, all named by digest. */
import { DIGITS } from "@zpu/circuits/digits";
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
