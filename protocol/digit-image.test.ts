/** The classifier's input keeps shape, size and centre whatever the drawing was. */
import { describe, expect, it } from "vitest";
import { digitImage, type GreyImage } from "./digit-image.ts";

function canvas(width: number, height: number, grey = 0): GreyImage & { data: Uint8Array } {
  return { width, height, data: new Uint8Array(width * height).fill(grey) };
}
function fill(image: GreyImage, left: number, top: number, width: number, height: number, grey: number): GreyImage {
  for (let y = top; y < top + height; y += 1) image.data.fill(grey, y * image.width + left, y * image.width + left + width);
  return image;
}
function bounds(pixels: Uint8Array): { left: number; top: number; width: number; height: number } {
  const inked = [...pixels.keys()].filter((index) => (pixels[index] ?? 0) > 0);
  const xs = inked.map((index) => index % 28);
  const ys = inked.map((index) => Math.floor(index / 28));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left + 1, height: Math.max(...ys) - top + 1 };
}

describe("digitImage", () => {
  it("fits the longer side to 20 pixels and keeps the aspect", () => {
    expect(bounds(digitImage(fill(canvas(280, 280), 130, 40, 30, 200, 255)))).toEqual({ left: 13, top: 4, width: 3, height: 20 });
    expect(bounds(digitImage(fill(canvas(280, 280), 10, 10, 200, 100, 255)))).toEqual({ left: 4, top: 9, width: 20, height: 10 });
  });

  it("gives the same image wherever and however large the digit was drawn", () => {
    const small = digitImage(fill(canvas(100, 100), 3, 5, 20, 40, 255));
    const large = digitImage(fill(canvas(400, 300), 250, 100, 100, 200, 255));
    expect(large).toEqual(small);
  });

  it("centres by mass, not by the box", () => {
    const image = fill(fill(canvas(100, 100), 20, 20, 60, 10, 255), 20, 30, 10, 50, 255);
    const pixels = digitImage(image);
    let [mass, x, y] = [0, 0, 0];
    pixels.forEach((grey, index) => {
      mass += grey;
      x += grey * ((index % 28) + 0.5);
      y += grey * (Math.floor(index / 28) + 0.5);
    });
    expect(Math.abs(x / mass - 14)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(y / mass - 14)).toBeLessThanOrEqual(0.5);
    expect(bounds(pixels).left).not.toBe(4);
  });

  it("inverts dark ink on paper, by itself or when told", () => {
    const white = digitImage(fill(canvas(50, 50), 20, 10, 10, 30, 255));
    const paper = fill(canvas(50, 50, 255), 20, 10, 10, 30, 0);
    expect(digitImage(paper)).toEqual(white);
    expect(digitImage(paper, "light")).toEqual(white);
  });

  it("averages areas: the mean grey of the ink survives the scaling", () => {
    const image = canvas(60, 60);
    for (let y = 10; y < 50; y += 1) for (let x = 10; x < 50; x += 1) image.data[y * 60 + x] = (x + y) % 2 === 0 ? 255 : 155;
    const inked = digitImage(image).filter((grey) => grey > 0);
    expect(inked.reduce((sum, grey) => sum + grey, 0) / inked.length).toBeCloseTo(205, 0);
  });

  it("refuses an empty image and one whose size is wrong", () => {
    expect(() => digitImage(canvas(28, 28))).toThrow(/no ink/);
    expect(() => digitImage({ width: 28, height: 28, data: new Uint8Array(783) })).toThrow(/783 grey values/);
  });
});
