/** A process that hangs is killed and named as the cause, and the next call finds a new one. */
import { serve } from "@zpu/ipc/rpc/serve";
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { executor } from "@zpu/ipc/workers/executor";
import { prover } from "@zpu/ipc/workers/prover";
import { afterEach, expect, it } from "vitest";
import type { Spawner } from "../ports.ts";
import { createModelWorkers, type ModelWorkers } from "./model-workers.ts";
import { digitsModel } from "./models.ts";

let workers: ModelWorkers | undefined;
afterEach(() => workers?.stop());

/** Real contracts over pipes in memory; the first process of each kind never answers to work. */
function hangingSpawner(): { spawner: Spawner; killed: string[]; running: { now: number; most: number } } {
  const killed: string[] = [];
  const lives = new Map<string, number>();
  const running = { now: 0, most: 0 };
  const never = (): Promise<never> => new Promise(() => undefined);
  const spawner: Spawner = {
    spawn(name) {
      const life = (lives.get(name) ?? 0) + 1;
      lives.set(name, life);
      const [core, process] = pipePair((value) => structuredClone(value));
      const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
      if (name === "executor") {
        const run = async () => {
          running.most = Math.max(running.most, ++running.now);
          await new Promise((resolve) => setTimeout(resolve, 30));
          running.now -= 1;
          return { output: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], ms: 1 };
        };
        serve(executor, { load: () => ({ engine: "test@1/cpu" }), run: life === 1 ? never : run }, process);
      } else {
        const proof = { a: [1n, 2n], b: [[1n, 2n], [3n, 4n]], c: [5n, 6n] } as never; // prettier-ignore
        const made = { proof, publicSignals: [1n, 2n, 3n] as [bigint, bigint, bigint], ms: { witness: 1, prove: 1, verify: 1 } };
        serve(prover, { load: () => ({}), prove: life === 1 ? never : () => made }, process);
      }
      return {
        pid: life,
        pipe: core,
        exited: exit.promise,
        kill() {
          killed.push(`${name} ${life}`);
          process.close();
          exit.resolve({ code: null, signal: "SIGKILL" });
        },
      };
    },
  };
  return { spawner, killed, running };
}
const statement = { input: new Uint8Array(784), output: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], inputSalt: 1n, outputSalt: 2n, context: 3n };

function open(spawner: Spawner): ModelWorkers {
  const ports = { spawner, now: Date.now, log: () => undefined };
  return createModelWorkers(
    { ports, changed: () => undefined },
    [digitsModel()],
    { runLimitMs: 60, proveLimitMs: 60, restAfterMs: 300 },
    () => undefined,
  );
}

it("kills a process that hangs in the middle of its work, says why, and works on in a new one", async () => {
  const { spawner, killed } = hangingSpawner();
  workers = open(spawner);
  const why = "it did not answer for 60 ms while working";
  await expect(workers.execute("digits-mlp", new Uint8Array(784))).rejects.toMatchObject({ code: "EXECUTOR_DIED", facts: { why } });
  await expect(workers.prove("digits-mlp", statement)).rejects.toMatchObject({ code: "PROVER_DIED", facts: { why } });
  expect(killed).toEqual(["executor 1", "prover 1"]);
  expect((await workers.execute("digits-mlp", new Uint8Array(784))).logits).toHaveLength(10);
  expect((await workers.prove("digits-mlp", statement)).publicSignals).toEqual([1n, 2n, 3n]);
  expect(killed).toHaveLength(2);
});

it("does one run after the other: none is held to the time of those before it", async () => {
  const { spawner, killed, running } = hangingSpawner();
  const many = open(spawner);
  workers = many;
  await many.execute("digits-mlp", new Uint8Array(784)).catch(() => undefined);
  const runs = await Promise.all(Array.from({ length: 5 }, () => many.execute("digits-mlp", new Uint8Array(784))));
  expect(runs).toHaveLength(5);
  expect(running.most).toBe(1);
  expect(killed).toEqual(["executor 1"]);
});

it("gives the processes' memory back when there is no work, and starts them again for the next job", async () => {
  const { spawner, killed } = hangingSpawner();
  workers = open(spawner);
  await expect(workers.execute("digits-mlp", new Uint8Array(784))).rejects.toMatchObject({ code: "EXECUTOR_DIED" });
  expect((await workers.execute("digits-mlp", new Uint8Array(784))).logits).toHaveLength(10);
  await expect.poll(() => workers?.views().map(({ name, pid, state }) => `${name} ${pid} ${state}`), { timeout: 5_000 }).toEqual(["executor 0 stopped", "prover 0 stopped"]); // prettier-ignore
  expect(killed).toEqual(["executor 1", "executor 2"]);
  expect((await workers.execute("digits-mlp", new Uint8Array(784))).logits).toHaveLength(10);
  expect(workers.views()[0]).toMatchObject({ name: "executor", pid: 3, state: "ready", restarts: 1 });
});
