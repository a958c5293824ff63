/** The digits model in plain integers: the committed weights, and what they answer. Slow beside the ONNX graph, and the same bits. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { argMax, checkModel, inferInteger, type DenseLayer, type IntegerModel } from "./integer-model.ts";

/** One layer as `weights.json` holds it: int8 weights in base64, row by row. */
export interface StoredLayer {
  readonly rows: number;
  readonly columns: number;
  readonly weights: string;
  readonly bias: readonly number[];
}

/** `weights.json`. */
export interface StoredModel {
  readonly semantics: string;
  readonly hidden: StoredLayer;
  readonly multipliers: readonly number[];
  readonly shift: number;
  readonly output: StoredLayer;
}

const WEIGHTS_PATH = fileURLToPath(new URL("./artifacts/weights.json", import.meta.url));

const layerOf = (stored: StoredLayer): DenseLayer => ({
  rows: stored.rows,
  columns: stored.columns,
  weights: new Int8Array(Buffer.from(stored.weights, "base64")),
  bias: Int32Array.from(stored.bias),
});

/** The model that `stored` describes; throws RangeError where it is not sound. */
export function modelOf(stored: StoredModel): IntegerModel {
  const model = {
    hidden: layerOf(stored.hidden),
    multipliers: Int32Array.from(stored.multipliers),
    shift: stored.shift,
    output: layerOf(stored.output),
  };
  checkModel(model);
  return model;
}

/** Reads a model from a `weights.json` (the committed digits model unless told otherwise). */
export const loadModel = (path = WEIGHTS_PATH): IntegerModel => modelOf(JSON.parse(readFileSync(path, "utf8")) as StoredModel);

/** The ten int32 logits of `model` on 784 grey values, and the digit they name. */
export function classify(model: IntegerModel, pixels: Uint8Array): { logits: number[]; digit: number } {
  const { outputs } = inferInteger(model, pixels);
  return { logits: outputs, digit: argMax(outputs) };
}
