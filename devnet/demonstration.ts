/** Where demonstration jobs come from: held-out digits of the data set, each with the label the data set gives it. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { loadDataSet } from "@zpu/circuits/data-set";

/** 784 grey values and what they show. */
export interface Digit {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly label: number;
}

/** Digits the model was not trained on, in random order, all of them before one comes again. */
export interface DigitSource {
  next(): Promise<Digit>;
}

/** Opens the held-out digits. A thread reads them (20 MB of text, a second or two), so that the chain answers meanwhile. */
export function openDigits(random: () => number = Math.random): DigitSource {
  const reading = new Promise<Digit[]>((resolve, reject) => {
    const reader = new Worker(fileURLToPath(import.meta.url), { execArgv: ["--disable-warning=ExperimentalWarning"] });
    reader.once("message", resolve);
    reader.once("error", reject);
    reader.once("exit", () => reject(new Error("the data set could not be read")));
  });
  reading.catch(() => undefined);
  let left: number[] = [];
  return {
    async next() {
      const digits = await reading;
      if (left.length === 0) left = digits.map((_, index) => index);
      const at = Math.floor(random() * left.length);
      const chosen = digits[left[at] ?? 0];
      left[at] = left[left.length - 1] ?? 0;
      left.pop();
      if (chosen === undefined) throw new Error("the data set holds no held-out digits");
      return chosen;
    },
  };
}

if (!isMainThread) parentPort?.postMessage(loadDataSet().heldOut);
