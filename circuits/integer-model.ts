/**
 * The exact integer arithmetic "integer-v1" and a model in it. Circuit, ONNX graph and this file give the same bits:
 *
 *   acc1[j] = bias1[j] + sum_i w1[j][i] * x[i]                         x uint8, w1 int8, acc1 int32
 *   h[j]    = min(255, floor((max(acc1[j], 0) * m[j] + 2^(s-1)) / 2^s))  uint8: rounds half up, saturates
 *   out[k]  = bias2[k] + sum_j w2[k][j] * h[j]                         int32
 *
 * No step can overflow: every accumulator is bounded from its weights for all inputs (`accumulatorBound`).
 */

/** Names the arithmetic above; any change to it is a new name. */
export const SEMANTICS = "integer-v1: int8 weights, uint8 activations, int32 accumulators; relu, multiply, add half, shift right, clip to 255";

/** One dense layer: `weights` is row by row, one row of `columns` per output. */
export interface DenseLayer {
  readonly rows: number;
  readonly columns: number;
  readonly weights: Int8Array;
  readonly bias: Int32Array;
}

/** A network of one hidden layer. `multipliers` (one per hidden unit, positive) and `shift` requantise the hidden accumulators. */
export interface IntegerModel {
  readonly hidden: DenseLayer;
  readonly multipliers: Int32Array;
  readonly shift: number;
  readonly output: DenseLayer;
}

/** Highest value of an activation. */
export const ACTIVATION_MAX = 255;

/** Lowest and highest accumulator of `row` over all activations 0..255. */
export function accumulatorBound(layer: DenseLayer, row: number): { low: number; high: number } {
  let low = layer.bias[row] ?? 0;
  let high = low;
  for (let column = 0; column < layer.columns; column += 1) {
    const weight = layer.weights[row * layer.columns + column] ?? 0;
    if (weight < 0) low += weight * ACTIVATION_MAX;
    else high += weight * ACTIVATION_MAX;
  }
  return { low, high };
}

/** Every accumulator of the layer; at most 2^31 by `checkModel`, so doubles hold it exactly. */
function accumulate(layer: DenseLayer, activations: Uint8Array): Int32Array {
  const sums = Int32Array.from(layer.bias);
  for (let row = 0; row < layer.rows; row += 1) {
    let sum = layer.bias[row] ?? NaN;
    const from = row * layer.columns;
    for (let column = 0; column < layer.columns; column += 1) sum += (layer.weights[from + column] ?? NaN) * (activations[column] ?? NaN);
    sums[row] = sum;
  }
  return sums;
}

/** Throws RangeError where the shapes do not fit or an accumulator could leave int32 (hidden: 2^40 after multiplication). */
export function checkModel(model: IntegerModel): void {
  const { hidden, output, multipliers, shift } = model;
  for (const layer of [hidden, output]) {
    if (layer.weights.length !== layer.rows * layer.columns || layer.bias.length !== layer.rows)
      throw new RangeError("the shape of a layer does not fit");
    for (let row = 0; row < layer.rows; row += 1) {
      const { low, high } = accumulatorBound(layer, row);
      if (low < -(2 ** 31) || high >= 2 ** 31) throw new RangeError(`accumulator ${row} could overflow`);
    }
  }
  if (output.columns !== hidden.rows || multipliers.length !== hidden.rows) throw new RangeError("the layers do not fit each other");
  if (!Number.isInteger(shift) || shift < 1 || shift > 40) throw new RangeError("the shift is out of range");
  multipliers.forEach((multiplier, row) => {
    if (multiplier < 1 || accumulatorBound(hidden, row).high * multiplier >= 2 ** 40) throw new RangeError(`multiplier ${row} is out of range`);
  });
}

/** Hidden activations and outputs of `model` on `input` (one uint8 per column of the hidden layer). */
export function inferInteger(model: IntegerModel, input: Uint8Array): { hidden: Uint8Array; outputs: number[] } {
  if (input.length !== model.hidden.columns) throw new RangeError(`expected ${model.hidden.columns} values`);
  const half = 2 ** (model.shift - 1);
  const unit = 2 ** model.shift;
  const sums = accumulate(model.hidden, input);
  const hidden = Uint8Array.from(sums, (sum, row) =>
    Math.min(ACTIVATION_MAX, Math.floor((Math.max(sum, 0) * (model.multipliers[row] ?? NaN) + half) / unit)),
  );
  return { hidden, outputs: Array.from(accumulate(model.output, hidden)) };
}

/** Index of the highest output; the lowest index where several are highest. */
export const argMax = (outputs: readonly number[]): number => outputs.indexOf(Math.max(...outputs));
