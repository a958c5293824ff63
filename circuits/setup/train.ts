/** Trains the digits model, quantises it and writes circuits/artifacts/{weights.json, digits.onnx, training.json}: `npm run train`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadDataSet, type LabelledDigit } from "@zpu/circuits/data-set";
import type { StoredLayer, StoredModel } from "@zpu/circuits/digits-reference";
import { argMax, inferInteger, SEMANTICS, type DenseLayer, type IntegerModel } from "@zpu/circuits/integer-model";
import { integerGraph } from "./integer-graph.ts";
import { trainNetwork } from "./network.ts";
import { classifyFloat, quantise } from "./quantise.ts";

const PLAN = { epochs: 160, batch: 32, seed: 7, rate: 0.002 };
const CALIBRATION_DIGITS = 1_000;

const storedLayer = (layer: DenseLayer): StoredLayer => ({
  rows: layer.rows,
  columns: layer.columns,
  weights: Buffer.from(layer.weights.buffer, layer.weights.byteOffset, layer.weights.byteLength).toString("base64"),
  bias: Array.from(layer.bias),
});

/** `model` in the form of `weights.json`. */
export const storedModel = (model: IntegerModel): StoredModel => ({
  semantics: SEMANTICS,
  hidden: storedLayer(model.hidden),
  multipliers: Array.from(model.multipliers),
  shift: model.shift,
  output: storedLayer(model.output),
});

const share = (digits: readonly LabelledDigit[], answer: (pixels: Uint8Array) => number): number =>
  digits.filter(({ pixels, label }) => answer(pixels) === label).length / digits.length;

function main(): void {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const { training, heldOut } = loadDataSet();
  process.stdout.write(`training on ${training.length} digits, ${heldOut.length} held out\n`);
  const net = trainNetwork(training, {
    ...PLAN,
    onEpoch: (epoch, loss) => process.stdout.write(`epoch ${epoch + 1}/${PLAN.epochs}  loss ${loss.toFixed(4)}  ${seconds()} s\n`),
  });
  const model = quantise(net, training.slice(0, CALIBRATION_DIGITS));
  const accuracy = {
    heldOutDigits: heldOut.length,
    float: share(heldOut, (pixels) => classifyFloat(net, pixels)),
    integer: share(heldOut, (pixels) => argMax(inferInteger(model, pixels).outputs)),
  };
  const directory = fileURLToPath(new URL("../artifacts/", import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}weights.json`, `${JSON.stringify(storedModel(model))}\n`);
  writeFileSync(`${directory}digits.onnx`, integerGraph(model, "digits-mlp"));
  const plan = { ...PLAN, trainingDigits: training.length, calibrationDigits: CALIBRATION_DIGITS };
  writeFileSync(`${directory}training.json`, `${JSON.stringify({ plan, accuracy }, null, 2)}\n`);
  process.stdout.write(`held-out accuracy: float ${accuracy.float}, int8 ${accuracy.integer}; ${seconds()} s\n`);
  process.stdout.write("the circuit's constants changed: run `npm run ceremony`\n");
}

if (import.meta.main) main();
