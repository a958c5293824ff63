/** Turns a trained float network into an integer model: int8 weights per hidden unit, uint8 activations, exact multipliers. */
import { PIXELS, type LabelledDigit } from "@zpu/circuits/data-set";
import { checkModel, type IntegerModel } from "@zpu/circuits/integer-model";
import { CLASSES, forward, HIDDEN, type FloatNetwork } from "./network.ts";

/** Highest multiplier; a small one keeps the accumulators, and so the circuit's range checks, short. */
const MULTIPLIER_MAX = 15;
/** Share of the calibration set's positive activations that stay below saturation. */
const CALIBRATION_QUANTILE = 0.9995;

/** Class of the highest score of the float network. */
export function classifyFloat(net: FloatNetwork, pixels: Uint8Array): number {
  const scores = new Float32Array(CLASSES);
  forward(
    net,
    Float32Array.from(pixels, (grey) => grey / 255),
    new Float32Array(HIDDEN),
    scores,
    new Int32Array(PIXELS),
  );
  return scores.indexOf(Math.max(...scores));
}

/** The hidden activation that `CALIBRATION_QUANTILE` of the positive ones do not exceed. */
function calibrate(net: FloatNetwork, digits: readonly LabelledDigit[]): number {
  const [hidden, scores, inked] = [new Float32Array(HIDDEN), new Float32Array(CLASSES), new Int32Array(PIXELS)];
  const seen: number[] = [];
  for (const { pixels } of digits) {
    forward(
      net,
      Float32Array.from(pixels, (grey) => grey / 255),
      hidden,
      scores,
      inked,
    );
    for (const value of hidden) if (value > 0) seen.push(value);
  }
  seen.sort((a, b) => a - b);
  return seen[Math.floor((seen.length - 1) * CALIBRATION_QUANTILE)] ?? 1;
}

/**
 * The integer model of `net`. A hidden unit's weight step is `multiplier * unit` with a whole multiplier, so the requantisation is exact
 * and only the rounding of weights and activations loses anything. The output layer has one step for all classes: its logits compare.
 */
export function quantise(net: FloatNetwork, calibration: readonly LabelledDigit[]): IntegerModel {
  const activationStep = calibrate(net, calibration) / 255;
  const largest = Array.from({ length: HIDDEN }, (_, unit) => {
    let most = 0;
    for (let pixel = 0; pixel < PIXELS; pixel += 1) most = Math.max(most, Math.abs(net.w1[pixel * HIDDEN + unit] ?? NaN));
    return most;
  });
  // h = w x / 255 / activationStep; with w = integer * multiplier * unit that is accumulator * multiplier * unit / (255 activationStep) = ... / 2^shift
  const finest = Math.max(...largest) / 127 / MULTIPLIER_MAX;
  const shift = Math.floor(Math.log2((255 * activationStep) / finest));
  const unit = (255 * activationStep) / 2 ** shift;
  const multipliers = Int32Array.from(largest, (most) => Math.max(1, Math.ceil(most / 127 / unit)));
  const hidden = { rows: HIDDEN, columns: PIXELS, weights: new Int8Array(HIDDEN * PIXELS), bias: new Int32Array(HIDDEN) };
  for (let row = 0; row < HIDDEN; row += 1) {
    const step = unit * (multipliers[row] ?? NaN);
    hidden.bias[row] = Math.round(((net.b1[row] ?? NaN) * 255) / step);
    for (let pixel = 0; pixel < PIXELS; pixel += 1) hidden.weights[row * PIXELS + pixel] = Math.round((net.w1[pixel * HIDDEN + row] ?? NaN) / step);
  }
  const outputStep = net.w2.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127;
  const output = { rows: CLASSES, columns: HIDDEN, weights: new Int8Array(CLASSES * HIDDEN), bias: new Int32Array(CLASSES) };
  for (let row = 0; row < CLASSES; row += 1) {
    output.bias[row] = Math.round((net.b2[row] ?? NaN) / (outputStep * activationStep));
    for (let column = 0; column < HIDDEN; column += 1)
      output.weights[row * HIDDEN + column] = Math.round((net.w2[column * CLASSES + row] ?? NaN) / outputStep);
  }
  const model = { hidden, multipliers, shift, output };
  checkModel(model);
  return model;
}
