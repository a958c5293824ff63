/** An integer model as an ONNX graph that gives the same bits in any runtime. */
import { ACTIVATION_MAX, SEMANTICS, type DenseLayer, type IntegerModel } from "@zpu/circuits/integer-model";
import { writeOnnx, type Constant } from "./onnx-writer.ts";

const OPSET = 13;
const ZERO_POINT = 128;

const bytesOf = (values: Int32Array | BigInt64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const int32s = (name: string, values: Int32Array): Constant => ({ name, element: "int32", dims: [values.length], data: bytesOf(values) });
const int64s = (name: string, values: readonly number[]): Constant => ({
  name,
  element: "int64",
  dims: [values.length],
  data: bytesOf(BigInt64Array.from(values, BigInt)),
});

/**
 * Weights as [columns, rows], stored unsigned with zero point 128: the signed kernel of onnxruntime adds pairs of products in
 * saturating 16-bit lanes on processors without VNNI and then differs; the unsigned one is exact everywhere.
 */
function weightsOf(name: string, layer: DenseLayer): Constant {
  const data = new Uint8Array(layer.rows * layer.columns);
  for (let row = 0; row < layer.rows; row += 1) {
    for (let column = 0; column < layer.columns; column += 1) {
      data[column * layer.rows + row] = (layer.weights[row * layer.columns + column] ?? NaN) + ZERO_POINT;
    }
  }
  return { name, element: "uint8", dims: [layer.columns, layer.rows], data };
}

const byte = (name: string, value: number): Constant => ({ name, element: "uint8", dims: [], data: Uint8Array.of(value) });

/** The .onnx bytes of `model`: input "pixels" uint8 [1, columns], output "logits" int32 [1, rows]. */
export function integerGraph(model: IntegerModel, name: string): Uint8Array {
  return writeOnnx({
    name,
    opset: OPSET,
    inputs: [{ name: "pixels", element: "uint8", dims: [1, model.hidden.columns] }],
    outputs: [{ name: "logits", element: "int32", dims: [1, model.output.rows] }],
    constants: [
      weightsOf("hidden.weights", model.hidden),
      int32s("hidden.bias", model.hidden.bias),
      weightsOf("output.weights", model.output),
      int32s("output.bias", model.output.bias),
      int64s("multipliers", Array.from(model.multipliers)),
      int64s("half", [2 ** (model.shift - 1)]),
      int64s("unit", [2 ** model.shift]),
      int64s("zero", [0]),
      int64s("ceiling", [ACTIVATION_MAX]),
      byte("activation.zero", 0),
      byte("weight.zero", ZERO_POINT),
    ],
    operations: [
      { type: "MatMulInteger", inputs: ["pixels", "hidden.weights", "activation.zero", "weight.zero"], output: "hidden.products" },
      { type: "Add", inputs: ["hidden.products", "hidden.bias"], output: "hidden.sums" },
      { type: "Cast", inputs: ["hidden.sums"], output: "hidden.wide", attributes: { to: 7 } },
      { type: "Max", inputs: ["hidden.wide", "zero"], output: "hidden.relu" },
      { type: "Mul", inputs: ["hidden.relu", "multipliers"], output: "hidden.scaled" },
      { type: "Add", inputs: ["hidden.scaled", "half"], output: "hidden.rounded" },
      { type: "Div", inputs: ["hidden.rounded", "unit"], output: "hidden.shifted" },
      { type: "Min", inputs: ["hidden.shifted", "ceiling"], output: "hidden.clipped" },
      { type: "Cast", inputs: ["hidden.clipped"], output: "hidden.activations", attributes: { to: 2 } },
      { type: "MatMulInteger", inputs: ["hidden.activations", "output.weights", "activation.zero", "weight.zero"], output: "output.products" },
      { type: "Add", inputs: ["output.products", "output.bias"], output: "logits" },
    ],
    metadata: { "zpu.semantics": SEMANTICS },
  });
}
