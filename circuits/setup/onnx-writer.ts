/** Writes an ONNX model file: the few protobuf messages of onnx.proto that a graph of integers needs, nothing more. */

/** Element types of onnx.proto's TensorProto.DataType. */
export const ELEMENT = { uint8: 2, int32: 6, int64: 7 } as const;
type Element = keyof typeof ELEMENT;

/** A constant of the graph; `data` is little-endian. */
export interface Constant {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** One operation; attributes are integers. */
export interface Operation {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A tensor that enters or leaves the graph. */
export interface Port {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
}

/** A whole model of one graph; `metadata` travels in the file. */
export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly operations: readonly Operation[];
  readonly metadata: Readonly<Record<string, string>>;
}

type Part = Uint8Array;
const text = new TextEncoder();

function varint(value: number): Part {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function join(parts: readonly Part[]): Part {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Field `number` holding an unsigned integer. */
const integer = (number: number, value: number): Part => join([varint(number * 8), varint(value)]);
/** Field `number` holding bytes, a text or an embedded message. */
function chunk(number: number, content: Part | string): Part {
  const bytes = typeof content === "string" ? text.encode(content) : content;
  return join([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

const dimsOf = (dims: readonly number[]): Part => join(dims.map((dim) => chunk(1, integer(1, dim))));
const portOf = (port: Port): Part =>
  join([chunk(1, port.name), chunk(2, chunk(1, join([integer(1, ELEMENT[port.element]), chunk(2, dimsOf(port.dims))])))]);
const constantOf = (constant: Constant): Part =>
  join([...constant.dims.map((dim) => integer(1, dim)), integer(2, ELEMENT[constant.element]), chunk(8, constant.name), chunk(9, constant.data)]);

const ATTRIBUTE_INT = 2;
function operationOf(operation: Operation): Part {
  const attributes = Object.entries(operation.attributes ?? {}).map(([name, value]) =>
    chunk(5, join([chunk(1, name), integer(3, value), integer(20, ATTRIBUTE_INT)])),
  );
  return join([
    ...operation.inputs.map((input) => chunk(1, input)),
    chunk(2, operation.output),
    chunk(3, operation.output),
    chunk(4, operation.type),
    ...attributes,
  ]);
}

const IR_VERSION = 8;

/** The bytes of an .onnx file. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const graph = join([
    ...model.operations.map((operation) => chunk(1, operationOf(operation))),
    chunk(2, model.name),
    ...model.constants.map((constant) => chunk(5, constantOf(constant))),
    ...model.inputs.map((port) => chunk(11, portOf(port))),
    ...model.outputs.map((port) => chunk(12, portOf(port))),
  ]);
  return join([
    integer(1, IR_VERSION),
    chunk(2, "zpu-circuits"),
    chunk(7, graph),
    chunk(8, integer(2, model.opset)),
    ...Object.entries(model.metadata).map(([key, value]) => chunk(14, join([chunk(1, key), chunk(2, value)]))),
  ]);
}
