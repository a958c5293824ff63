/** What the node can run and prove: a model with its artifacts, all named by digest. */
import type { ModelId } from "@zpu/protocol/ids";
import type { ProverFiles } from "../proving/groth16.ts";

/** Everything the processes of a model load. Digests are SHA-256 as 0x-hex, paths absolute. */
export interface ProvableModel {
  readonly name: string;
  readonly modelId: ModelId;
  readonly onnx: { readonly path: string; readonly sha256: string };
  readonly proverFiles: ProverFiles;
}
