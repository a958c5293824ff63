/** Writes the digits circuit: the gadgets, joined by the model's weights as constants. */
import { accumulatorBound, type DenseLayer, type IntegerModel } from "@zpu/circuits/integer-model";
import { INPUT_DOMAIN, OUTPUT_DOMAIN } from "@zpu/proofs/commitment";

/** Terms in one bracket: the compiler adds term by term and would take quadratic time over a whole row. */
const TERMS_PER_BRACKET = 28;

/** Bits that hold |accumulator * multiplier + 2^(shift-1)| of hidden unit `row` for every input: `n` of the gadget `Requantise`. */
export function requantiseBits(model: IntegerModel, row: number): number {
  const { low, high } = accumulatorBound(model.hidden, row);
  const multiplier = model.multipliers[row] ?? NaN;
  const half = 2 ** (model.shift - 1);
  const largest = Math.max(high * multiplier + half, -(low * multiplier + half));
  let bits = 1;
  while (2 ** bits <= largest) bits += 1;
  return bits;
}

/**
 * `scale` times the accumulator of `row` as a sum over the signals `name[i]`, written out: a loop over packed weights makes a witness
 * program of half the size that takes four times as long.
 */
function sumOf(layer: DenseLayer, row: number, name: string, scale: number): string {
  const brackets: string[] = [];
  for (let from = 0; from < layer.columns; from += TERMS_PER_BRACKET) {
    const terms: string[] = [];
    for (let column = from; column < Math.min(from + TERMS_PER_BRACKET, layer.columns); column += 1) {
      const weight = (layer.weights[row * layer.columns + column] ?? NaN) * scale;
      if (weight !== 0) terms.push(`${weight < 0 ? "-" : "+"}${Math.abs(weight)}*${name}[${column}]`);
    }
    if (terms.length > 0) brackets.push(`(${terms.join("").replace(/^\+/, "")})`);
  }
  return [...brackets, `(${(layer.bias[row] ?? NaN) * scale})`].join(" + ");
}

/** The circom text of the circuit of `model`; its gadgets are in `gadgets.circom`. */
export function digitsCircuit(model: IntegerModel): string {
  const { hidden, output, shift } = model;
  const lines: string[] = [];
  for (let row = 0; row < hidden.rows; row += 1) {
    lines.push(`    component unit${row} = Requantise(${requantiseBits(model, row)}, ${shift});`);
    lines.push(`    unit${row}.in <== ${sumOf(hidden, row, "pixels", model.multipliers[row] ?? NaN)};`);
    lines.push(`    hidden[${row}] <== unit${row}.out;`);
  }
  for (let row = 0; row < output.rows; row += 1) lines.push(`    logits[${row}] <== ${sumOf(output, row, "hidden", 1)};`);
  return `pragma circom 2.1.0;

/*
 * Says: the values behind outputCommitment are what the model whose weights stand below gives on the bytes behind inputCommitment,
 * in the arithmetic "integer-v1". The weights are public, input and output are not. \`context\` takes part in one constraint, so that
 * a proof made for one context fits no other. Written by digits-circuit.ts from circuits/artifacts/weights.json.
 */

include "gadgets.circom";

template Digits() {
    signal input inputCommitment;
    signal input outputCommitment;
    signal input context;
    signal input pixels[${hidden.columns}];
    signal input inputSalt;
    signal input outputSalt;

    component inputHash = ByteCommitment(${hidden.columns}, ${INPUT_DOMAIN});
    inputHash.bytes <== pixels;
    inputHash.salt <== inputSalt;
    inputCommitment === inputHash.out;

    signal hidden[${hidden.rows}];
    signal logits[${output.rows}];
${lines.join("\n")}

    component outputHash = Int32Commitment(${output.rows}, ${OUTPUT_DOMAIN});
    outputHash.in <== logits;
    outputHash.salt <== outputSalt;
    outputCommitment === outputHash.out;

    signal contextSquared <== context * context;
}

component main {public [inputCommitment, outputCommitment, context]} = Digits();
`;
}
