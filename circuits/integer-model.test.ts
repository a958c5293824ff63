/** The arithmetic of "integer-v1" at its edges, and the models it refuses. */
import { describe, expect, it } from "vitest";
import { accumulatorBound, argMax, checkModel, inferInteger, type IntegerModel } from "./integer-model.ts";
import { modelIdentity, weightRoot } from "./model-id.ts";

/** Two inputs, two hidden units, eight outputs that copy the first hidden unit. */
const model = (change: Partial<IntegerModel> = {}): IntegerModel => ({
  hidden: { rows: 2, columns: 2, weights: Int8Array.of(1, -1, 127, 127), bias: Int32Array.of(0, 5) },
  multipliers: Int32Array.of(1, 3),
  shift: 2,
  output: { rows: 8, columns: 2, weights: Int8Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? 1 : 0)), bias: new Int32Array(8) },
  ...change,
});
const firstHidden = (a: number, b: number) => inferInteger(model(), Uint8Array.of(a, b)).hidden[0];

describe("inferInteger", () => {
  it("rounds half up, in quarters", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((value) => firstHidden(value, 0))).toEqual([0, 0, 1, 1, 1, 1, 2, 2, 2]);
  });

  it("is zero below zero", () => {
    expect([firstHidden(0, 1), firstHidden(0, 2), firstHidden(0, 255), firstHidden(10, 13)]).toEqual([0, 0, 0, 0]);
  });

  it("saturates at 255", () => {
    const { hidden } = inferInteger(model(), Uint8Array.of(255, 255));
    expect(hidden[1]).toBe(255);
    expect(inferInteger(model({ multipliers: Int32Array.of(4, 1) }), Uint8Array.of(255, 0)).hidden[0]).toBe(255);
    expect(inferInteger(model({ multipliers: Int32Array.of(5, 1) }), Uint8Array.of(255, 0)).hidden[0]).toBe(255);
  });

  it("refuses another number of inputs", () => {
    expect(() => inferInteger(model(), new Uint8Array(3))).toThrow(RangeError);
  });

  it("answers with the lowest index among equals", () => {
    expect(argMax([1, 7, 7, 0])).toBe(1);
    expect(argMax([-5, -5])).toBe(0);
  });
});

describe("checkModel", () => {
  it("bounds accumulators by the signs of the weights", () => {
    expect(accumulatorBound(model().hidden, 0)).toEqual({ low: -255, high: 255 });
    expect(accumulatorBound(model().hidden, 1)).toEqual({ low: 5, high: 5 + 2 * 127 * 255 });
  });

  it("refuses shapes that do not fit, overflow, and multipliers and shifts out of range", () => {
    expect(() => {
      checkModel(model());
    }).not.toThrow();
    const hidden = model().hidden;
    for (const wrong of [
      model({ hidden: { ...hidden, rows: 3 } }),
      model({ hidden: { ...hidden, bias: Int32Array.of(2 ** 31 - 1, 0) } }),
      model({ hidden: { ...hidden, bias: Int32Array.of(-(2 ** 31), 0) } }),
      model({ multipliers: Int32Array.of(1) }),
      model({ multipliers: Int32Array.of(0, 1) }),
      model({ multipliers: Int32Array.of(1, 2 ** 30) }),
      model({ shift: 0 }),
      model({ shift: 1.5 }),
      model({ output: { ...model().output, columns: 3, weights: new Int8Array(24) } }),
    ]) {
      expect(() => {
        checkModel(wrong);
      }).toThrow(RangeError);
    }
  });
});

describe("modelIdentity", () => {
  it("changes with any weight, bias, multiplier, shift, and with the file", () => {
    const file = Uint8Array.of(1, 2, 3);
    const { hidden, output } = model();
    const variants = [
      model(),
      model({ hidden: { ...hidden, weights: hidden.weights.with(3, 126) } }),
      model({ hidden: { ...hidden, bias: hidden.bias.with(1, 6) } }),
      model({ multipliers: Int32Array.of(2, 3) }),
      model({ shift: 3 }),
      model({ output: { ...output, weights: output.weights.with(15, 1) } }),
      model({ output: { ...output, bias: output.bias.with(7, -1) } }),
    ];
    const ids = new Set(variants.map((variant) => modelIdentity(variant, file).modelId));
    ids.add(modelIdentity(model(), Uint8Array.of(1, 2, 4)).modelId);
    expect(ids.size).toBe(variants.length + 1);
    expect(weightRoot(model())).toEqual(weightRoot(model()));
  });
});
