/** The same digit must come out of every way of drawing it: dark on light, light on dark, large, small, off centre. */
import { describe, expect, it } from "vitest";
import { DIGIT_SIDE, digitPixels, greyFromRgba, type GreyImage } from "./digit-image.ts";

/** A vertical bar (a one) of the given thickness, in a picture of `side` pixels. */
function bar(side: number, left: number, ground: number, ink: number): GreyImage {
  const grey = new Uint8Array(side * side).fill(ground);
  for (let y = Math.floor(side * 0.2); y < side * 0.8; y += 1) {
    for (let x = left; x < left + Math.floor(side / 10); x += 1) grey[y * side + x] = ink;
  }
  return { width: side, height: side, grey };
}

const centre = (pixels: Uint8Array): [number, number] => {
  let [mass, x, y] = [0, 0, 0];
  pixels.forEach((value, index) => {
    mass += value;
    x += value * ((index % DIGIT_SIDE) + 0.5);
    y += value * (Math.floor(index / DIGIT_SIDE) + 0.5);
  });
  return [x / mass, y / mass];
};

describe("digitPixels", () => {
  it("fits the ink into 20 rows and centres it by mass, wherever it was drawn", () => {
    for (const left of [5, 120, 260]) {
      const pixels = digitPixels(bar(300, left, 0, 255));
      const rows = new Set<number>();
      pixels.forEach((value, index) => value > 0 && rows.add(Math.floor(index / DIGIT_SIDE)));
      expect(pixels).toHaveLength(784);
      expect(rows.size).toBe(20);
      const [x, y] = centre(pixels);
      expect(Math.abs(x - 14)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(y - 14)).toBeLessThanOrEqual(0.5);
    }
  });

  it("gives the same input for dark ink on paper as for light ink on black", () => {
    expect(digitPixels(bar(300, 120, 255, 0))).toEqual(digitPixels(bar(300, 120, 0, 255)));
  });

  it("stretches faint ink to full strength and drops the paper's noise", () => {
    const faint = bar(280, 100, 240, 150);
    faint.grey.forEach((value, index) => (faint.grey[index] = value - (index % 7)));
    const pixels = digitPixels(faint);
    expect(Math.max(...pixels)).toBe(255);
    expect(pixels[0]).toBe(0);
  });

  it("takes a picture that already is a model input as it is", () => {
    const pixels = digitPixels(bar(280, 100, 0, 255));
    expect(digitPixels({ width: 28, height: 28, grey: pixels })).toEqual(pixels);
  });

  it("refuses an empty picture", () => {
    expect(() => digitPixels({ width: 40, height: 40, grey: new Uint8Array(1600).fill(255) })).toThrow("empty");
  });
});

describe("greyFromRgba", () => {
  const rgba = (ink: number, alphaOfGround: number): Uint8Array => {
    const bytes = new Uint8Array(40 * 40 * 4);
    for (let at = 0; at < 1600; at += 1) {
      const inked = at % 40 >= 18 && at % 40 < 22 && at >= 400 && at < 1200;
      bytes.set(inked ? [ink, ink, ink, 255] : [255, 255, 255, alphaOfGround], at * 4);
    }
    return bytes;
  };

  it("reads black ink on white, black ink on nothing and white ink on nothing alike", () => {
    const [paper, black, white] = [rgba(0, 255), rgba(0, 0), rgba(255, 0)].map((bytes) => digitPixels(greyFromRgba(bytes, 40, 40)));
    expect(black).toEqual(paper);
    expect(white).toEqual(paper);
  });

  it("refuses a size that does not fit the bytes", () => {
    expect(() => greyFromRgba(new Uint8Array(16), 3, 3)).toThrow("cannot be read");
  });
});
