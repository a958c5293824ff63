/** Children of the launcher end in good order, by force where they do not listen, and with their parent whatever happens to it. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { launch } from "./child.ts";

let dir = "";
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "zpu-child-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const script = (name: string, text: string): string => {
  const path = join(dir, `${name}.ts`);
  writeFileSync(path, text);
  return path;
};
/** Whether `pid` runs; a zombie does not. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
async function until(what: () => boolean, limitMs: number): Promise<number> {
  const startedMs = performance.now();
  while (!what()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startedMs;
}

const POLITE = `process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("ready");`;
const DEAF = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready");`;
const BUSY = `console.log("ready"); for (;;) {}`;

async function started(entry: string): Promise<ReturnType<typeof launch>> {
  let ready = false;
  const child = launch({ name: "child", entry, args: [], onLine: () => (ready = true) });
  await until(() => ready, 10_000);
  return child;
}

describe("stopping a child", () => {
  it("lets it end by itself", async () => {
    const child = await started(script("polite", POLITE));
    await child.stop(2000);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it.each([
    ["ignores the signal", DEAF],
    ["is busy", BUSY],
  ])("ends it by force where it %s", async (_, text) => {
    const child = await started(script("stubborn", text));
    const startedMs = performance.now();
    await child.stop(300);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(alive(child.pid)).toBe(false);
  });

  it("takes along what the child left in its group", async () => {
    const leaf = script("leaf", DEAF);
    const parent = script(
      "parent",
      `import { spawn } from "node:child_process"; const c = spawn(process.execPath, [${JSON.stringify(leaf)}], { stdio: "ignore" }); process.on("SIGTERM", () => process.exit(0)); console.log(String(c.pid));`,
    );
    let leafPid = 0;
    const child = launch({ name: "parent", entry: parent, args: [], onLine: (line) => (leafPid = Number(line)) });
    await until(() => leafPid > 0 && alive(leafPid), 10_000);
    await child.stop(2000);
    await until(() => !alive(leafPid), 2000);
  });
});

describe("kill -9 of the launcher", () => {
  it("ends its children, also a busy one", { timeout: 30_000 }, async () => {
    const entries = [script("deaf", DEAF), script("busy", BUSY)];
    const pids = join(dir, "pids");
    const launcher = script(
      "launcher",
      `import { writeFileSync } from "node:fs"; import { launch } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "child.ts")).href)};
       const ready = new Set(); const children = ${JSON.stringify(entries)}.map((entry) => launch({ name: entry, entry, args: [], onLine: () => { ready.add(entry); if (ready.size === 2) writeFileSync(${JSON.stringify(pids)}, children.map((c) => c.pid).join(" ")); } }));`,
    );
    const running = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", launcher], { stdio: "inherit" });
    await until(() => existsSync(pids) && readFileSync(pids, "utf8").includes(" "), 15_000);
    const children = readFileSync(pids, "utf8").split(" ").map(Number);
    expect(children.map(alive)).toEqual([true, true]);
    running.kill("SIGKILL");
    await until(() => children.every((pid) => !alive(pid)), 3000);
  });

  it("ends them where the kernel does not: the watchdog alone is enough", { timeout: 30_000 }, async () => {
    const busy = script("busy", BUSY);
    const pids = join(dir, "pids");
    const watchdog = pathToFileURL(join(import.meta.dirname, "watchdog.ts")).href;
    const launcher = script(
      "launcher",
      `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
       const child = spawn(process.execPath, ["--import", ${JSON.stringify(watchdog)}, ${JSON.stringify(busy)}], { stdio: ["ignore", "pipe", "ignore"], detached: true });
       child.stdout.once("data", () => writeFileSync(${JSON.stringify(pids)}, String(child.pid)));`,
    );
    const running = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", launcher], { stdio: "inherit" });
    await until(() => existsSync(pids) && readFileSync(pids, "utf8") !== "", 15_000);
    const child = Number(readFileSync(pids, "utf8"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(alive(child)).toBe(true);
    running.kill("SIGKILL");
    await until(() => !alive(child), 3000);
  });
});
