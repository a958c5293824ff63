/** The rate limiter on a clock of our own. */
import { expect, test } from "vitest";
import { backOffMs } from "./keep-connected.ts";
import { createRateLimiter } from "./rate-limit.ts";

test("admits the burst, then the rate, and says how long to wait", () => {
  let now = 1000;
  const limiter = createRateLimiter({ perSecond: 2, burst: 3 }, { perSecond: 1000, burst: 1000 }, () => now);
  expect([limiter.take("a"), limiter.take("a"), limiter.take("a")]).toEqual([0, 0, 0]);
  expect(limiter.take("a")).toBe(500);
  expect(limiter.take("b")).toBe(0);
  now += 499;
  expect(limiter.take("a")).toBe(1);
  now += 1;
  expect([limiter.take("a"), limiter.take("a")]).toEqual([0, 500]);
  let admitted = 0;
  for (let step = 0; step < 10_000; step += 1) {
    now += 10;
    if (limiter.take("a") === 0) admitted += 1;
  }
  expect(admitted).toBe(200);
});

test("limits all together and holds a bounded number of keys", () => {
  let now = 0;
  const limiter = createRateLimiter({ perSecond: 1, burst: 1 }, { perSecond: 1000, burst: 10 }, () => now, 100);
  let admitted = 0;
  for (let peer = 0; peer < 50; peer += 1) if (limiter.take(`p${peer}`) === 0) admitted += 1;
  expect(admitted).toBe(10);
  for (let peer = 0; peer < 5000; peer += 1) {
    now += 1;
    limiter.take(`q${peer}`);
  }
  expect(limiter.size).toBeLessThanOrEqual(100);
  expect(limiter.take("q4999")).toBeGreaterThan(0); // the newest keys are the ones kept
});

test("back-off doubles to its bound and is jittered", () => {
  const backOff = { firstMs: 500, mostMs: 30_000 };
  expect([0, 1, 2, 10, 1000].map((attempt) => backOffMs(attempt, backOff, 0.999999))).toEqual([500, 1000, 2000, 30_000, 30_000]);
  expect(backOffMs(10, backOff, 0)).toBe(15_000);
});
