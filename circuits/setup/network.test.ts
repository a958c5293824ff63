/** Training: the same from the same seed, and it learns; quantising loses little. Small samples: the real run is `npm run train`. */
import { argMax, inferInteger } from "@zpu/circuits/integer-model";
import { loadDataSet, seededRandom } from "@zpu/circuits/data-set";
import { describe, expect, it } from "vitest";
import { distort, trainNetwork } from "./network.ts";
import { classifyFloat, quantise } from "./quantise.ts";

const { training, heldOut } = loadDataSet();
const sample = training.slice(0, 1_000);
const train = (seed: number) => trainNetwork(sample, { epochs: 4, batch: 32, seed, rate: 0.003 });

describe("trainNetwork", () => {
  it("gives the same network for the same seed, another for another, and one that reads digits", () => {
    const [first, second, other] = [train(1), train(1), train(2)];
    expect(first.w1).toEqual(second.w1);
    expect(first.w1).not.toEqual(other.w1);
    const share = (answer: (pixels: Uint8Array) => number) => heldOut.filter(({ pixels, label }) => answer(pixels) === label).length / heldOut.length;
    const float = share((pixels) => classifyFloat(first, pixels));
    const model = quantise(first, sample);
    const integer = share((pixels) => argMax(inferInteger(model, pixels).outputs));
    expect(float).toBeGreaterThan(0.7);
    expect(Math.abs(float - integer)).toBeLessThan(0.02);
  }, 120_000);
});

describe("distort", () => {
  it("keeps values between 0 and 1, most of the ink, and differs each time", () => {
    const random = seededRandom(3);
    const [one, two] = [new Float32Array(784), new Float32Array(784)];
    for (const { pixels } of sample.slice(0, 50)) {
      distort(pixels, one, random);
      distort(pixels, two, random);
      expect(one).not.toEqual(two);
      expect(one.every((grey) => grey >= 0 && grey <= 1)).toBe(true);
      const ink = one.reduce((sum, grey) => sum + grey, 0) / (pixels.reduce((sum, grey) => sum + grey, 0) / 255);
      expect(ink).toBeGreaterThan(0.3);
      expect(ink).toBeLessThan(3);
    }
  });
});
