/** A killed parent must leave no child behind, not even one whose event loop never turns. Runs real processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSpawner } from "./spawner.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let folder: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-spawner-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** Whether a process runs; a zombie does not. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  return existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

async function until(what: () => boolean, limitMs: number): Promise<boolean> {
  const endMs = Date.now() + limitMs;
  while (Date.now() < endMs) {
    if (what()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return what();
}

describe("spawner", () => {
  it("carries bigint and bytes both ways and reports the exit", async () => {
    const entry = file("echo.mjs", `process.on("message", (m) => { process.send({ seen: m.n + 1n, bytes: m.bytes }); });`);
    const worker = createSpawner().spawn("executor", pathToFileURL(entry).href);
    const answer = new Promise<unknown>((resolve) => worker.pipe.onMessage(resolve));
    worker.pipe.post({ n: 2n ** 200n, bytes: Uint8Array.of(1, 2, 3) });
    expect(await answer).toEqual({ seen: 2n ** 200n + 1n, bytes: Uint8Array.of(1, 2, 3) });
    const closed = new Promise<void>((resolve) => worker.pipe.onClose(resolve));
    worker.kill();
    expect(await worker.exited).toEqual({ code: null, signal: "SIGKILL" });
    await closed;
  });

  it("hides this process's environment from its children", async () => {
    process.env.ZPU_TEST_SECRET = "seed words";
    const entry = file("env.mjs", `process.send({ secret: process.env.ZPU_TEST_SECRET ?? null, worker: process.env.ZPU_WORKER });`);
    const worker = createSpawner().spawn("prover", pathToFileURL(entry).href);
    expect(await new Promise((resolve) => worker.pipe.onMessage(resolve))).toEqual({ secret: null, worker: "prover" });
    worker.kill();
    await worker.exited;
    delete process.env.ZPU_TEST_SECRET;
  });

  it.each(["with the kernel's help", "by the watchdog alone"])("kills busy children of a killed parent %s", async (how) => {
    const busy = file("busy.mjs", `process.send("up"); process.once("message", () => { for (;;); });`);
    const parent = file(
      "parent.mjs",
      `import { createSpawner } from ${JSON.stringify(pathToFileURL(join(here, "spawner.ts")).href)};
       if (${JSON.stringify(how)} === "by the watchdog alone") Object.defineProperty(process, "platform", { value: "other" });
       const workers = ["executor", "prover"].map((name) => createSpawner().spawn(name, ${JSON.stringify(pathToFileURL(busy).href)}));
       await Promise.all(workers.map((worker) => new Promise((resolve) => worker.pipe.onMessage(resolve))));
       for (const worker of workers) worker.pipe.post("spin");
       process.send(workers.map((worker) => worker.pid));
       setInterval(() => undefined, 1000);`,
    );
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", parent], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    started.push(child);
    const pids = await new Promise<number[]>((resolve) => child.once("message", (message) => resolve(message as number[])));
    expect(pids).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const pid of pids) expect(alive(pid)).toBe(true);
    child.kill("SIGKILL");
    expect(await until(() => pids.every((pid) => !alive(pid)), 5_000)).toBe(true);
  });
});
