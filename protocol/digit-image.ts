/** A drawn or photographed digit of any size becomes the 28 x 28 image the classifier knows: ink cropped, fitted to a 20 x 20 box, centred by mass. */
import { ZpuError } from "./errors.ts";

/** Edge of the classifier's input, in pixels. */
export const DIGIT_EDGE = 28;
/** Edge of the box the ink is scaled to fit, aspect kept. */
const BOX_EDGE = 20;
/** Grey value from which a pixel counts as ink when it is cropped. */
const INK_THRESHOLD = 32;

/** Grey values 0 to 255, row by row. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const at = (image: GreyImage, x: number, y: number): number => image.data[y * image.width + x] ?? 0;

/** Whether most of the image's border is light: dark ink on paper, to be inverted. */
function lightBackground(image: GreyImage): boolean {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1) {
      if (x > 0 && y > 0 && x < image.width - 1 && y < image.height - 1) continue;
      sum += at(image, x, y);
      count += 1;
    }
  }
  return sum > count * 127;
}

function inkBox(image: GreyImage): Box | undefined {
  let left = image.width;
  let top = image.height;
  let right = -1;
  let bottom = -1;
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1) {
      if (at(image, x, y) < INK_THRESHOLD) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Mean grey over the source area of one target pixel; areas are fractional, so no ink is lost or gained by the scaling. */
function areaMean(image: GreyImage, x0: number, y0: number, x1: number, y1: number): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < y1; y += 1) {
    const high = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < x1; x += 1) sum += at(image, x, y) * high * (Math.min(x + 1, x1) - Math.max(x, x0));
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

function scaleCrop(image: GreyImage, box: Box): GreyImage {
  const scale = BOX_EDGE / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const data = new Uint8Array(width * height);
  const stepX = box.width / width;
  const stepY = box.height / height;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [x0, y0] = [box.left + x * stepX, box.top + y * stepY];
      data[y * width + x] = Math.round(areaMean(image, x0, y0, x0 + stepX, y0 + stepY));
    }
  }
  return { width, height, data };
}

/** Where the top left corner must go so that the centre of mass falls on the centre of the 28 x 28 field, kept inside it. */
function placement(ink: GreyImage): { left: number; top: number } {
  let mass = 0;
  let sumX = 0;
  let sumY = 0;
  for (let y = 0; y < ink.height; y += 1) {
    for (let x = 0; x < ink.width; x += 1) {
      const grey = at(ink, x, y);
      mass += grey;
      sumX += grey * (x + 0.5);
      sumY += grey * (y + 0.5);
    }
  }
  const clamp = (value: number, room: number): number => Math.min(Math.max(value, 0), room);
  return {
    left: clamp(Math.round(DIGIT_EDGE / 2 - sumX / mass), DIGIT_EDGE - ink.width),
    top: clamp(Math.round(DIGIT_EDGE / 2 - sumY / mass), DIGIT_EDGE - ink.height),
  };
}

/**
 * The 784 grey values (28 x 28, white ink on black, row by row) of the digit in `image`.
 * `background` says what the ink stands on; "auto" judges by the border. Throws INPUT_INVALID where sizes do not fit or there is no ink.
 */
export function digitImage(image: GreyImage, background: "dark" | "light" | "auto" = "auto"): Uint8Array<ArrayBuffer> {
  if (image.width < 1 || image.height < 1 || image.data.length !== image.width * image.height) {
    throw new ZpuError("INPUT_INVALID", { detail: `${image.data.length} grey values are not ${image.width} x ${image.height}` });
  }
  const light = background === "light" || (background === "auto" && lightBackground(image));
  const source = light ? { ...image, data: image.data.map((grey) => 255 - grey) } : image;
  const box = inkBox(source);
  if (!box) throw new ZpuError("INPUT_INVALID", { detail: "the image shows no ink" });
  const ink = scaleCrop(source, box);
  const { left, top } = placement(ink);
  const pixels = new Uint8Array(DIGIT_EDGE * DIGIT_EDGE);
  for (let y = 0; y < ink.height; y += 1) pixels.set(ink.data.subarray(y * ink.width, (y + 1) * ink.width), (top + y) * DIGIT_EDGE + left);
  return pixels;
}
