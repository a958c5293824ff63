/** From any picture of a digit to the 784 grey values the model reads: white ink on black, 28 x 28, fitted into 20 x 20 and centred by mass. */
import { ZpuError } from "./errors.ts";

/** Side of the model's input in pixels. */
export const DIGIT_SIDE = 28;
/** Side of the box that the ink is fitted into, as in the MNIST data set. */
const INK_SIDE = 20;
/** Largest picture that is read, in pixels. */
const MAX_PIXELS = 16_777_216;
/** Ink is what rises above the background by this share of the strongest ink. */
const INK_SHARE = 0.15;
/** Least difference in grey between ink and background. */
const LEAST_CONTRAST = 24;

/** Grey values 0 (black) to 255 (white), row by row. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** RGBA bytes (4 per pixel, not premultiplied) as grey over a white ground, or over black where the ink itself is white. Throws INPUT_INVALID. */
export function greyFromRgba(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number): GreyImage {
  if (width < 1 || height < 1 || width * height > MAX_PIXELS || rgba.length !== width * height * 4) {
    throw new ZpuError("INPUT_INVALID", { detail: `a picture of ${width} x ${height} pixels cannot be read` });
  }
  const over = (ground: number): Uint8Array =>
    Uint8Array.from({ length: width * height }, (_, index) => {
      const at = index * 4;
      const luma = 0.2126 * (rgba[at] ?? 0) + 0.7152 * (rgba[at + 1] ?? 0) + 0.0722 * (rgba[at + 2] ?? 0);
      const alpha = (rgba[at + 3] ?? 0) / 255;
      return Math.round(luma * alpha + ground * (1 - alpha));
    });
  const onWhite = over(255);
  return { width, height, grey: contrast(onWhite) >= LEAST_CONTRAST ? onWhite : over(0) };
}

function contrast(grey: Uint8Array): number {
  let low = 255;
  let high = 0;
  for (const value of grey) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

/** The median of the outermost pixels: what the picture has as its ground. */
function groundOf({ width, height, grey }: GreyImage): number {
  const border: number[] = [];
  for (let x = 0; x < width; x += 1) border.push(grey[x] ?? 0, grey[(height - 1) * width + x] ?? 0);
  for (let y = 0; y < height; y += 1) border.push(grey[y * width] ?? 0, grey[y * width + width - 1] ?? 0);
  border.sort((a, b) => a - b);
  return border[border.length >> 1] ?? 0;
}

/** Ink strength 0 to 255 on a ground of 0, the strongest ink stretched to 255. */
function inkOf(image: GreyImage): Float64Array {
  const ground = groundOf(image);
  const light = ground > 127;
  const ink = Float64Array.from(image.grey, (value) => Math.max(0, light ? ground - value : value - ground));
  let strongest = 0;
  for (const value of ink) strongest = Math.max(strongest, value);
  if (strongest < LEAST_CONTRAST) throw new ZpuError("INPUT_INVALID", { detail: "the picture is empty" });
  return ink.map((value) => (value < strongest * INK_SHARE ? 0 : (value * 255) / strongest));
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(ink: Float64Array, width: number, height: number): Box {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if ((ink[y * width + x] ?? 0) === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Mean ink of the part of the picture that each of `width` x `height` pixels covers (area average). */
function resample(ink: Float64Array, inkWidth: number, box: Box, width: number, height: number): Float64Array {
  const out = new Float64Array(width * height);
  const scaleX = box.width / width;
  const scaleY = box.height / height;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let row = Math.floor(y * scaleY); row < Math.min(box.height, (y + 1) * scaleY); row += 1) {
        const coveredY = Math.min(row + 1, (y + 1) * scaleY) - Math.max(row, y * scaleY);
        for (let column = Math.floor(x * scaleX); column < Math.min(box.width, (x + 1) * scaleX); column += 1) {
          const coveredX = Math.min(column + 1, (x + 1) * scaleX) - Math.max(column, x * scaleX);
          sum += (ink[(box.top + row) * inkWidth + box.left + column] ?? 0) * coveredX * coveredY;
        }
      }
      out[y * width + x] = sum / (scaleX * scaleY);
    }
  }
  return out;
}

/**
 * The model's input, 784 bytes, from `image`: ground removed (a light one is inverted), cropped to the ink, fitted into 20 x 20 with its
 * proportions kept, and placed so that the centre of its mass is the centre of 28 x 28. A 28 x 28 picture on black is taken as it is.
 * Throws INPUT_INVALID where there is no ink.
 */
export function digitPixels(image: GreyImage): Uint8Array {
  if (image.width * image.height !== image.grey.length || image.grey.length === 0)
    throw new ZpuError("INPUT_INVALID", { detail: "the picture's size is wrong" });
  const ink = inkOf(image);
  if (image.width === DIGIT_SIDE && image.height === DIGIT_SIDE && groundOf(image) === 0) return Uint8Array.from(image.grey);
  const box = boxOf(ink, image.width, image.height);
  const scale = INK_SIDE / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const small = resample(ink, image.width, box, width, height);

  let [mass, massX, massY, strongest] = [0, 0, 0, 0];
  small.forEach((value, index) => {
    mass += value;
    massX += value * ((index % width) + 0.5);
    massY += value * (Math.floor(index / width) + 0.5);
    strongest = Math.max(strongest, value);
  });
  const place = (centre: number, size: number): number => Math.min(DIGIT_SIDE - size, Math.max(0, Math.round(DIGIT_SIDE / 2 - centre)));
  const left = place(massX / mass, width);
  const top = place(massY / mass, height);
  const pixels = new Uint8Array(DIGIT_SIDE * DIGIT_SIDE);
  small.forEach((value, index) => {
    const x = left + (index % width);
    const y = top + Math.floor(index / width);
    pixels[y * DIGIT_SIDE + x] = Math.round((value * 255) / strongest);
  });
  return pixels;
}
