/** What the page draws for a person without a mouse is read by the model as what it is. */
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { describe, expect, it } from "vitest";
import { picture } from "./fixture.ts";

const model = loadModel();

describe("sample digits", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])("a drawn %i is read as such, in every hand of the tests", (digit) => {
    expect([0, 1, 2, 3, 4].map((variant) => classify(model, picture(digit, variant)).digit)).toEqual([digit, digit, digit, digit, digit]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])("the page's own %i is read as such", (digit) => {
    expect(classify(model, picture(digit, -1)).digit).toBe(digit);
  });
});
