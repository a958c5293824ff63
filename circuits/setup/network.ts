/** A 784-128-10 perceptron with ReLU, trained by Adam on softmax cross entropy; sparse in the pixels, seeded, one core. */
import { PIXELS, SIDE, seededRandom, shuffle, type LabelledDigit } from "@zpu/circuits/data-set";

/** Width of the hidden layer. */
export const HIDDEN = 128;
/** Number of classes. */
export const CLASSES = 10;

/** Weights are stored by input: `w1[pixel * HIDDEN + unit]`, `w2[unit * CLASSES + class]`. Pixels count from 0 to 1. */
export interface FloatNetwork {
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
}

/** How to train. */
export interface TrainingPlan {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** First learning rate; falls to zero along a cosine. */
  readonly rate: number;
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/**
 * A digit turned, scaled, sheared, shifted and thinned or thickened at random, into `target` (0..1): drawn digits are not written
 * as the data set's are. Bilinear; outside is black.
 */
export function distort(pixels: Uint8Array, target: Float32Array, random: () => number): void {
  const between = (low: number, high: number) => low + (high - low) * random();
  const angle = between(-0.26, 0.26);
  const shear = between(-0.2, 0.2);
  const [scaleX, scaleY] = [between(0.8, 1.2), between(0.8, 1.2)];
  const [shiftX, shiftY] = [between(-3, 3), between(-3, 3)];
  const ink = between(0.75, 1.6);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const centre = (SIDE - 1) / 2;
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : (pixels[y * SIDE + x] ?? NaN));
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      const dx = (column - centre - shiftX) / scaleX;
      const dy = (row - centre - shiftY) / scaleY;
      const x = cos * dx - sin * dy + shear * dy + centre;
      const y = sin * dx + cos * dy + centre;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [fx, fy] = [x - left, y - top];
      const grey = (1 - fy) * ((1 - fx) * at(left, top) + fx * at(left + 1, top)) + fy * ((1 - fx) * at(left, top + 1) + fx * at(left + 1, top + 1));
      target[row * SIDE + column] = grey < 4 ? 0 : Math.min(1, (grey / 255) * ink);
    }
  }
}

/** Hidden activations into `hidden` and class scores into `scores` (both before softmax); returns how many pixels were not zero. */
export function forward(net: FloatNetwork, x: Float32Array, hidden: Float32Array, scores: Float32Array, inked: Int32Array): number {
  hidden.set(net.b1);
  let count = 0;
  for (let pixel = 0; pixel < PIXELS; pixel += 1) {
    const grey = x[pixel] ?? NaN;
    if (grey === 0) continue;
    inked[count] = pixel;
    count += 1;
    const from = pixel * HIDDEN;
    for (let unit = 0; unit < HIDDEN; unit += 1) hidden[unit] = (hidden[unit] ?? NaN) + grey * (net.w1[from + unit] ?? NaN);
  }
  scores.set(net.b2);
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const value = Math.max(0, hidden[unit] ?? NaN);
    hidden[unit] = value;
    if (value === 0) continue;
    for (let k = 0; k < CLASSES; k += 1) scores[k] = (scores[k] ?? NaN) + value * (net.w2[unit * CLASSES + k] ?? NaN);
  }
  return count;
}

/** A trained network; the same one for the same digits and plan on the same engine. */
export function trainNetwork(digits: readonly LabelledDigit[], plan: TrainingPlan): FloatNetwork {
  const random = seededRandom(plan.seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const parts = [new Float32Array(PIXELS * HIDDEN), new Float32Array(HIDDEN), new Float32Array(HIDDEN * CLASSES), new Float32Array(CLASSES)] as const;
  const [w1, b1, w2, b2] = parts;
  const net = { w1, b1, w2, b2 };
  for (let at = 0; at < w1.length; at += 1) w1[at] = normal() * Math.sqrt(2 / 150);
  for (let at = 0; at < w2.length; at += 1) w2[at] = normal() * Math.sqrt(2 / HIDDEN);
  for (let at = 0; at < w1.length; at += 1) w1[at] = (w1[at] ?? NaN) * 0.4;

  /** Each part with its gradient and Adam's two running means. */
  const learners = parts.map((part) => ({
    part,
    g: new Float32Array(part.length),
    m: new Float32Array(part.length),
    v: new Float32Array(part.length),
  }));
  const [g1, gb1, g2, gb2] = learners.map(({ g }) => g) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const [x, hidden, scores, back, inked] = [
    new Float32Array(PIXELS),
    new Float32Array(HIDDEN),
    new Float32Array(CLASSES),
    new Float32Array(HIDDEN),
    new Int32Array(PIXELS),
  ];

  /** Adds one digit's gradient; returns its loss. */
  const learn = (label: number): number => {
    const count = forward(net, x, hidden, scores, inked);
    const highest = Math.max(...scores);
    let total = 0;
    for (let k = 0; k < CLASSES; k += 1) total += scores[k] = Math.exp((scores[k] ?? NaN) - highest);
    let loss = 0;
    back.fill(0);
    for (let k = 0; k < CLASSES; k += 1) {
      const probability = (scores[k] ?? NaN) / total;
      if (k === label) loss = -Math.log(Math.max(probability, 1e-12));
      const error = probability - (k === label ? 1 : 0);
      gb2[k] = (gb2[k] ?? NaN) + error;
      for (let unit = 0; unit < HIDDEN; unit += 1) {
        const value = hidden[unit] ?? NaN;
        if (value === 0) continue;
        const at = unit * CLASSES + k;
        g2[at] = (g2[at] ?? NaN) + error * value;
        back[unit] = (back[unit] ?? NaN) + error * (w2[at] ?? NaN);
      }
    }
    for (let unit = 0; unit < HIDDEN; unit += 1) gb1[unit] = (gb1[unit] ?? NaN) + (back[unit] ?? NaN);
    for (let n = 0; n < count; n += 1) {
      const pixel = inked[n] ?? NaN;
      const grey = x[pixel] ?? NaN;
      const from = pixel * HIDDEN;
      for (let unit = 0; unit < HIDDEN; unit += 1) g1[from + unit] = (g1[from + unit] ?? NaN) + grey * (back[unit] ?? NaN);
    }
    return loss;
  };

  const steps = plan.epochs * Math.ceil(digits.length / plan.batch);
  let step = 0;
  /** One step of Adam with a little weight decay (Kingma and Ba; Loshchilov and Hutter). */
  const descend = (batch: number): void => {
    step += 1;
    const rate = plan.rate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
    const correction = Math.sqrt(1 - 0.999 ** step) / (1 - 0.9 ** step);
    learners.forEach(({ part, g, m, v }, index) => {
      const decay = index % 2 === 0 ? 1 - rate * 0.01 : 1;
      for (let at = 0; at < part.length; at += 1) {
        const slope = (g[at] ?? NaN) / batch;
        const average = (m[at] = 0.9 * (m[at] ?? NaN) + 0.1 * slope);
        const spread = (v[at] = 0.999 * (v[at] ?? NaN) + 0.001 * slope * slope);
        part[at] = (part[at] ?? NaN) * decay - (rate * correction * average) / (Math.sqrt(spread) + 1e-8);
      }
      g.fill(0);
    });
  };

  const deck = [...digits];
  for (let epoch = 0; epoch < plan.epochs; epoch += 1) {
    shuffle(deck, random);
    let loss = 0;
    deck.forEach((digit, index) => {
      if (random() < 0.25) for (let pixel = 0; pixel < PIXELS; pixel += 1) x[pixel] = (digit.pixels[pixel] ?? NaN) / 255;
      else distort(digit.pixels, x, random);
      loss += learn(digit.label);
      if ((index + 1) % plan.batch === 0 || index + 1 === deck.length) descend((index % plan.batch) + 1);
    });
    plan.onEpoch?.(epoch, loss / deck.length);
  }
  return net;
}
