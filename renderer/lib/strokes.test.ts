/** Ink is where the pen was, as thick as the pen is. */
import { describe, expect, it } from "vitest";
import { sampleDigit } from "./sample-digits.ts";
import { PEN_RADIUS, rasterise, strokePath } from "./strokes.ts";

describe("rasterise", () => {
  it("inks a dot of the pen's area", () => {
    const edge = 200;
    const grey = rasterise([[{ x: 0.5, y: 0.5 }]], edge).reduce((sum, value) => sum + value, 0) / 255;
    expect(grey).toBeCloseTo(Math.PI * (PEN_RADIUS * edge) ** 2, -1);
  });
  it("inks a line along its whole length and nothing beside it", () => {
    const edge = 100;
    const data = rasterise([[{ x: 0.2, y: 0.5 }, { x: 0.8, y: 0.5 }]], edge); // prettier-ignore
    const at = (x: number, y: number): number => data[y * edge + x] ?? -1;
    for (let x = 20; x <= 80; x += 5) expect(at(x, 50)).toBe(255);
    expect([at(50, 40), at(50, 60), at(10, 50), at(90, 50)]).toEqual([0, 0, 0, 0]);
  });
  it("never takes ink away where strokes cross", () => {
    const one = rasterise(sampleDigit(4).slice(0, 1));
    const both = rasterise(sampleDigit(4));
    expect(both.every((value, index) => value >= (one[index] ?? 0))).toBe(true);
  });
  it("leaves an empty pad empty", () => expect(rasterise([]).every((value) => value === 0)).toBe(true));
});

describe("strokePath", () => {
  it("draws a dot as a line of no length", () => expect(strokePath([{ x: 0.5, y: 0.25 }], 100)).toBe("M50.0 25.0L50.0 25.0"));
  it("joins its points", () => expect(strokePath([{ x: 0, y: 0 }, { x: 1, y: 1 }], 10)).toBe("M0.0 0.0L10.0 10.0")); // prettier-ignore
});

describe("samples", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])("%i stays on the pad", (digit) => {
    const points = sampleDigit(digit).flat();
    expect(points.every(({ x, y }) => Math.min(x, y) > PEN_RADIUS && Math.max(x, y) < 1 - PEN_RADIUS)).toBe(true);
  });
  it("refuses what is no digit", () => expect(() => sampleDigit(10)).toThrow(RangeError));
});
