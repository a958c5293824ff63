/** A start is given up after silence, not after a length of time. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { withoutSilence } from "./session.ts";

it("waits for as long as it hears of progress, and gives up once it does not", async () => {
  const ready = Promise.withResolvers<string>();
  const starting = withoutSilence("devnet", ready.promise, 300);
  for (let step = 0; step < 8; step += 1) {
    await sleep(100);
    starting.heard();
  }
  ready.resolve("ready");
  expect(await starting.value).toBe("ready");

  const never = withoutSilence("devnet", new Promise<never>(() => undefined), 50);
  await expect(never.value).rejects.toThrow("the devnet said nothing for 0.05 s");
});
