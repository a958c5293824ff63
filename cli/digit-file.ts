/** A PNG file with a digit as the model's input. */
import { readFile } from "node:fs/promises";
import { DIGIT_EDGE, digitImage, type GreyImage } from "@zpu/protocol/digit-image";
import { ZpuError } from "@zpu/protocol/errors";
import { PNG } from "pngjs";

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_EDGE = 8_192;
/** Least difference in grey between ink and paper. */
const LEAST_CONTRAST = 24;
/** What is weaker than this share of the strongest ink is paper grain, not ink. */
const INK_SHARE = 0.2;

/** RGBA bytes as grey over paper; white paper, unless the ink itself is white on nothing. */
export function greyOf(rgba: Uint8Array, width: number, height: number): GreyImage {
  const over = (paper: number): Uint8Array =>
    Uint8Array.from({ length: width * height }, (_, index) => {
      const at = index * 4;
      const luma = 0.2126 * (rgba[at] ?? 0) + 0.7152 * (rgba[at + 1] ?? 0) + 0.0722 * (rgba[at + 2] ?? 0);
      const alpha = (rgba[at + 3] ?? 0) / 255;
      return Math.round(luma * alpha + paper * (1 - alpha));
    });
  const onWhite = over(255);
  const contrast = onWhite.reduce((most, value) => Math.max(most, value), 0) - onWhite.reduce((least, value) => Math.min(least, value), 255);
  return { width, height, data: contrast >= LEAST_CONTRAST ? onWhite : over(0) };
}

/** White ink on black, full strength, whatever the paper was; INPUT_INVALID where there is no ink. */
export function inkOf({ width, height, data }: GreyImage): GreyImage {
  const border: number[] = [];
  for (let x = 0; x < width; x += 1) border.push(data[x] ?? 0, data[(height - 1) * width + x] ?? 0);
  for (let y = 0; y < height; y += 1) border.push(data[y * width] ?? 0, data[y * width + width - 1] ?? 0);
  border.sort((one, other) => one - other);
  const paper = border[border.length >> 1] ?? 0;
  const ink = Array.from(data, (value) => Math.max(0, paper > 127 ? paper - value : value - paper));
  const strongest = ink.reduce((most, value) => Math.max(most, value), 0);
  if (strongest < LEAST_CONTRAST) throw new ZpuError("INPUT_INVALID", { detail: "the picture shows no ink" });
  return { width, height, data: Uint8Array.from(ink, (value) => (value < strongest * INK_SHARE ? 0 : Math.round((value * 255) / strongest))) };
}

/** The 784 grey values of a picture; one that is 28 x 28 on black already is taken as it is. */
export function pixelsOf(picture: GreyImage): Uint8Array<ArrayBuffer> {
  const ink = inkOf(picture);
  const asIs = picture.width === DIGIT_EDGE && picture.height === DIGIT_EDGE && picture.data[0] === 0;
  return Uint8Array.from(asIs ? picture.data : digitImage(ink, "dark"));
}

/** Reads the PNG at `path`; FILE_UNREADABLE, INPUT_INVALID where it is no PNG or too large. */
export async function readDigit(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const invalid = (detail: string, cause?: unknown): ZpuError => new ZpuError("INPUT_INVALID", { detail }, cause);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ZpuError("FILE_UNREADABLE", { path, detail: missing ? "there is no such file" : (error as Error).message }, error);
  }
  if (bytes.length > MAX_FILE_BYTES) throw invalid(`the file has ${bytes.length} bytes; the limit is ${MAX_FILE_BYTES}`);
  // Width and height stand at a fixed place: a small file must not unfold into gigabytes.
  const isPng = bytes.length >= 24 && bytes.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex"));
  if (!isPng) throw invalid(`${path} is not a PNG picture`);
  if (bytes.readUInt32BE(16) > MAX_EDGE || bytes.readUInt32BE(20) > MAX_EDGE)
    throw invalid(`the picture is larger than ${MAX_EDGE} x ${MAX_EDGE} pixels`);
  let picture: PNG;
  try {
    picture = PNG.sync.read(bytes);
  } catch (error) {
    throw invalid(`${path} is damaged`, error);
  }
  return pixelsOf(greyOf(picture.data, picture.width, picture.height));
}
