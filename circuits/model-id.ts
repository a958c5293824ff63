/** Names a model: its file, its weights row by row, and its arithmetic, in 32 bytes. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SEMANTICS, type DenseLayer, type IntegerModel } from "./integer-model.ts";

/** Lower-case 0x-hex of 32 bytes. */
export type Hex32 = `0x${string}`;

/** A model id and the three digests it is made of. */
export interface ModelIdentity {
  /** SHA-256 of the .onnx file. */
  readonly fileDigest: Hex32;
  /** Merkle root of the weight rows. */
  readonly weightRoot: Hex32;
  /** keccak256 of the name of the arithmetic. */
  readonly semanticsDigest: Hex32;
  /** keccak256 of the three, in this order. */
  readonly modelId: Hex32;
}

const hex = (bytes: Uint8Array): Hex32 => `0x${Buffer.from(bytes).toString("hex")}`;

/** keccak256(0x00, layer, row, multiplier, shift, bias: int32 little-endian each, then the int8 weights). */
function leaf(layer: DenseLayer, layerIndex: number, row: number, multiplier: number, shift: number): Uint8Array {
  const bytes = new Uint8Array(21 + layer.columns);
  const view = new DataView(bytes.buffer);
  [layerIndex, row, multiplier, shift, layer.bias[row] ?? NaN].forEach((value, index) => {
    view.setInt32(1 + index * 4, value, true);
  });
  for (let column = 0; column < layer.columns; column += 1) view.setInt8(21 + column, layer.weights[row * layer.columns + column] ?? NaN);
  return keccak_256(bytes);
}

/** Merkle root over all rows, hidden layer first: a node is keccak256(0x01, left, right), an odd one out moves up as it is. */
export function weightRoot(model: IntegerModel): Uint8Array {
  let level: Uint8Array[] = [];
  for (let row = 0; row < model.hidden.rows; row += 1) level.push(leaf(model.hidden, 0, row, model.multipliers[row] ?? NaN, model.shift));
  for (let row = 0; row < model.output.rows; row += 1) level.push(leaf(model.output, 1, row, 1, 0));
  for (;;) {
    const [root, ...others] = level;
    if (!root) throw new RangeError("a model without rows");
    if (others.length === 0) return root;
    const above: Uint8Array[] = [];
    let left: Uint8Array | undefined;
    for (const node of level) {
      if (left) above.push(keccak_256(Uint8Array.from([1, ...left, ...node])));
      left = left ? undefined : node;
    }
    level = left ? [...above, left] : above;
  }
}

/** The identity of `model`, whose .onnx file has the bytes `file`. */
export function modelIdentity(model: IntegerModel, file: Uint8Array): ModelIdentity {
  const parts = [sha256(file), weightRoot(model), keccak_256(new TextEncoder().encode(SEMANTICS))] as const;
  const whole = new Uint8Array(96);
  parts.forEach((part, index) => {
    whole.set(part, index * 32);
  });
  return { fileDigest: hex(parts[0]), weightRoot: hex(parts[1]), semanticsDigest: hex(parts[2]), modelId: hex(keccak_256(whole)) };
}
