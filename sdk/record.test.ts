/** The small parts a client waits with. */
import { expect, test } from "vitest";
import { argMax, createBell, once } from "./record.ts";

test("the answer is the largest output, the lowest index first", () => {
  expect(argMax([1, 5, 5, 2])).toBe(1);
  expect(argMax([-9, -3, -3])).toBe(1);
  expect(argMax([0, 0, 0])).toBe(0);
});

test("a bell wakes everybody who waits, and later ones only at the next ring", async () => {
  const bell = createBell();
  let woken = 0;
  const waits = [bell.next(), bell.next()].map((wait) => wait.then(() => (woken += 1)));
  bell.ring();
  await Promise.all(waits);
  expect(woken).toBe(2);
  const startedAt = performance.now();
  await bell.next(30);
  expect(performance.now() - startedAt).toBeGreaterThan(20);
  await bell.next(10_000, AbortSignal.abort());
  const aborting = new AbortController();
  setTimeout(() => { aborting.abort(); }, 5); // prettier-ignore
  await bell.next(10_000, aborting.signal);
});

test("what is opened once is shared, and a failure is tried anew", async () => {
  let opened = 0;
  const open = once(async () => {
    opened += 1;
    if (opened === 1) throw new Error("not yet");
    return Promise.resolve(opened);
  });
  expect(await open.peek()).toBeUndefined();
  await expect(open()).rejects.toThrow("not yet");
  expect(await Promise.all([open(), open()])).toEqual([2, 2]);
  expect(await open.peek()).toBe(2);
});
