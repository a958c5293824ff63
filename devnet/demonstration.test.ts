/** The source of demonstration digits. */
import { loadDataSet } from "@zpu/circuits/data-set";
import { expect, it } from "vitest";
import { openDigits } from "./demonstration.ts";

it("gives every held-out digit once, with its label, before one comes again", async () => {
  const heldOut = loadDataSet().heldOut.map(({ pixels, label }) => `${label} ${Buffer.from(pixels).toString("base64")}`);
  const source = openDigits();
  const seen: string[] = [];
  while (seen.length < heldOut.length) {
    const { pixels, label } = await source.next();
    seen.push(`${label} ${Buffer.from(pixels).toString("base64")}`);
  }
  expect(seen.toSorted()).toEqual(heldOut.toSorted());
  expect(seen).not.toEqual(heldOut);
  expect((await source.next()).pixels).toHaveLength(784);
});
