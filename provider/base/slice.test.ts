/** Whoever tells is never held up by whoever listens, and a view that fails once is computed again. */
import { expect, it } from "vitest";
import { createSignal, createState, createView, logged } from "./slice.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const broken = (): never => {
  throw new Error("a listener broke");
};

it("a listener that throws is reported, and the others and the caller go on", () => {
  const lines: string[] = [];
  const report = logged((level, message) => void lines.push(`${level} ${message}`), "not told");
  const signal = createSignal<number>(report);
  const state = createState<number>(0, report);
  const heard: number[] = [];
  signal.on(broken);
  signal.on((value) => heard.push(value));
  let first = true;
  state.source(() => {
    if (!first) broken();
    first = false;
  });
  state.source((value) => heard.push(value));
  signal.tell(1);
  state.set(2);
  expect(heard).toEqual([0, 1, 2]);
  expect(lines).toEqual(["error not told: Something went wrong inside: a listener broke.", "error not told: Something went wrong inside: a listener broke."]); // prettier-ignore
});

it("a view whose computation fails says so and is told at the next touch", async () => {
  let reported = 0;
  let fails = false;
  const view = createView(1, () => (fails ? broken() : 7), () => (reported += 1)); // prettier-ignore
  const seen: number[] = [];
  view.source((value) => seen.push(value));
  fails = true;
  view.touch();
  await wait(10);
  expect([reported, seen]).toEqual([1, [7]]);
  fails = false;
  view.touch();
  await wait(10);
  view.stop();
  expect([reported, seen]).toEqual([1, [7, 7]]);
});
