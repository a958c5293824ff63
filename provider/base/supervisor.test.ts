/** A process that dies is started again with growing pauses; whoever waits for it hears of its end by code. */
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { ZpuError } from "@zpu/protocol/errors";
import { describe, expect, it } from "vitest";
import type { Spawner, WorkerProcess } from "../ports.ts";
import { supervise, type SupervisorOptions } from "./supervisor.ts";

/** Processes that exist in memory only; `die` ends the newest. */
function scriptedSpawner() {
  const started: { atMs: number; die: (code?: number) => void; killed: boolean }[] = [];
  const spawner: Spawner = {
    spawn(): WorkerProcess {
      const [pipe] = pipePair();
      const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
      const entry = { atMs: Date.now(), killed: false, die: (code = 1) => exit.resolve({ code, signal: null }) };
      started.push(entry);
      return {
        pid: 1000 + started.length,
        pipe,
        exited: exit.promise,
        kill() {
          entry.killed = true;
          exit.resolve({ code: null, signal: "SIGKILL" });
        },
      };
    },
  };
  return { spawner, started };
}
const tick = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function supervised(change: Partial<SupervisorOptions<number>> = {}) {
  const { spawner, started } = scriptedSpawner();
  let prepared = 0;
  const part = supervise({
    name: "executor",
    entry: "file:///none",
    diedCode: "EXECUTOR_DIED",
    ports: { spawner, log: () => undefined, now: Date.now },
    prepare: () => Promise.resolve(++prepared),
    always: false,
    firstDelayMs: 20,
    maxDelayMs: 60,
    ...change,
  });
  return { part, started };
}

describe("supervise", () => {
  it("rests after a while without work, never in the middle of it, and is not restarted for that", async () => {
    const { part, started } = supervised({ restAfterMs: 40 });
    const work = Promise.withResolvers<string>();
    const long = part.within(5_000, () => work.promise);
    await tick(120);
    expect(started[0]?.killed).toBe(false);
    work.resolve("done");
    expect(await long).toBe("done");
    await expect.poll(() => part.view(), { timeout: 5_000 }).toEqual({ name: "executor", state: "stopped", pid: 0, restarts: 0 });
    expect(started[0]?.killed).toBe(true);
    expect(await part.within(5_000, (client) => Promise.resolve(client))).toBe(2);
    expect(part.view()).toMatchObject({ state: "ready", restarts: 0 });
    expect(started).toHaveLength(2);
    await part.stop();
    const always = supervised({ restAfterMs: 5, always: true });
    await always.part.client();
    await tick(60);
    expect(always.started).toHaveLength(1);
    expect(always.started[0]?.killed).toBe(false);
    await always.part.stop();
  });

  it("starts on demand, once for everybody who asks", async () => {
    const { part, started } = supervised();
    expect(started).toHaveLength(0);
    expect(part.view()).toMatchObject({ state: "stopped", pid: 0 });
    expect(await Promise.all([part.client(), part.client()])).toEqual([1, 1]);
    expect(part.view()).toEqual({ name: "executor", state: "ready", pid: 1001, restarts: 0 });
    await part.stop();
    expect(started[0]?.killed).toBe(true);
    await expect(part.client()).rejects.toMatchObject({ code: "EXECUTOR_DIED" });
  });

  it("starts again with a new client, counts, and waits longer each time", async () => {
    const { part, started } = supervised({ always: true });
    for (let life = 1; life <= 4; life += 1) {
      expect(await part.client()).toBe(life);
      started.at(-1)?.die();
      await tick();
    }
    expect(await part.client()).toBe(5);
    expect(part.view()).toMatchObject({ restarts: 4, state: "ready" });
    const pauses = started.slice(1).map(({ atMs }, index) => atMs - (started[index]?.atMs ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(18);
    expect(pauses[1]).toBeGreaterThanOrEqual(38);
    expect(pauses[3]).toBeGreaterThanOrEqual(58);
    expect(pauses[3]).toBeLessThan(400);
    await part.stop();
  });

  it("rejects those who wait when it dies while it gets ready", async () => {
    const { part, started } = supervised({ prepare: () => new Promise(() => undefined) });
    const waiting = part.client();
    started[0]?.die();
    await expect(waiting).rejects.toMatchObject({ code: "EXECUTOR_DIED" });
    await part.stop();
  });

  it("says why it does not get ready, ends that process, and tries anew when asked again", async () => {
    let fails = true;
    const { part, started } = supervised({
      prepare: () => (fails ? Promise.reject(new ZpuError("MODEL_HASH_MISMATCH", { model: "m", actual: "x" })) : Promise.resolve(7)),
    });
    await expect(part.client()).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
    expect(started[0]?.killed).toBe(true);
    fails = false;
    await tick();
    expect(await part.client()).toBe(7);
    await part.stop();
  });

  it("kills a process that does not get ready in time, and tries anew", async () => {
    let life = 0;
    const { part, started } = supervised({
      prepareLimitMs: 30,
      prepare: () => (++life === 1 ? new Promise<number>(() => undefined) : Promise.resolve(life)),
    });
    await expect(part.client()).rejects.toMatchObject({
      code: "EXECUTOR_DIED",
      facts: { why: "it did not answer for 30 ms while getting ready" },
    });
    expect(started[0]?.killed).toBe(true);
    await tick();
    expect(await part.client()).toBe(2);
    await part.stop();
  });

  it("kills the process in which a call hangs, never the one that came after it", async () => {
    const { part, started } = supervised({ firstDelayMs: 1 });
    const [first, second] = [40, 60].map((limitMs) => part.within(limitMs, () => new Promise<never>(() => undefined)));
    await expect(first).rejects.toMatchObject({ code: "EXECUTOR_DIED", facts: { why: "it did not answer for 40 ms while working" } });
    expect(started[0]?.killed).toBe(true);
    expect(await part.within(1_000, (client) => Promise.resolve(client))).toBe(2);
    await expect(second).rejects.toMatchObject({ code: "EXECUTOR_DIED" });
    expect(started).toHaveLength(2);
    expect(started[1]?.killed).toBe(false);
    expect(part.view()).toMatchObject({ state: "ready", restarts: 1 });
    await part.stop();
  });

  it("does not start again once it is stopped", async () => {
    const { part, started } = supervised({ always: true });
    await part.client();
    await part.stop();
    await tick(80);
    expect(started).toHaveLength(1);
    expect(part.view().state).toBe("stopped");
  });
});
