/** Where demonstration jobs come from: held-out digits of the data set, each with the label the data set gives it. */
import { loadDataSet, type LabelledDigit } from "@zpu/circuits/data-set";

/** Digits the model was not trained on, in random order, all of them before one comes again. */
export interface DigitSource {
  next(): LabelledDigit;
}

/** Opens the held-out digits; reading them takes about half a second, once. */
export function openDigits(random: () => number = Math.random): DigitSource {
  const digits = loadDataSet().heldOut;
  let left: number[] = [];
  return {
    next() {
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
