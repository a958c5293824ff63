/** The built pages of the app; built on the first visit where they are missing or older than their sources. */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Ports } from "@zpu/provider/ports";
import { ROOT } from "./paths.ts";

const PAGES = join(ROOT, "renderer", "dist");
const SOURCES = ["renderer", "ipc", "protocol", "proofs"];
const NOT_SOURCES = new Set(["node_modules", "dist", "README.md"]);
let building: Promise<void> | undefined;

/** The newest change under `folder`, Unix milliseconds. */
function newestMs(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (NOT_SOURCES.has(entry.name) || entry.name.includes(".test.")) continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs);
  }
  return newest;
}

function upToDate(): boolean {
  try {
    const builtMs = statSync(join(PAGES, "index.html")).mtimeMs;
    return SOURCES.every((room) => newestMs(join(ROOT, room)) <= builtMs);
  } catch {
    return false;
  }
}

async function build(log: Ports["log"]): Promise<void> {
  log("info", "building the pages");
  const vite = join(dirname(createRequire(join(ROOT, "package.json")).resolve("vite/package.json")), "bin", "vite.js");
  const child = spawn(process.execPath, [vite, "build", "renderer"], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-2_000)));
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("exit", done);
  });
  if (code !== 0) throw new Error(`the pages could not be built: ${words.trim()}`);
}

let checked = false;
/** Folder of the pages. The sources are looked at once per run of the node. */
export async function builtPages(log: Ports["log"]): Promise<string> {
  if (checked) return PAGES;
  if (!upToDate()) {
    building ??= build(log).finally(() => {
      building = undefined;
    });
    await building;
  }
  checked = true;
  return PAGES;
}
