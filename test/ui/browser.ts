/** Chromium for the page tests, and the page's own build when its sources are newer. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CANDIDATES = [process.env.ZPU_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of an installed Chromium; undefined where there is none. */
export function chromiumPath(): string | undefined {
  return CANDIDATES.find((path) => path !== undefined && existsSync(path));
}

/** Starts Chromium without a network of its own. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error("no Chromium is installed: apt-get install chromium, or name one in ZPU_CHROMIUM");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

function newestMs(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => name !== "dist" && name !== "node_modules")
      .map((entry) => (entry.isDirectory() ? newestMs(join(folder, entry.name)) : statSync(join(folder, entry.name)).mtimeMs)),
  );
}

/** Builds renderer/dist where it is missing or older than what it is made of. */
export function buildPage(): void {
  const built = join(ROOT, "renderer/dist/index.html");
  const sourcesMs = Math.max(...["renderer", "ipc", "protocol"].map((room) => newestMs(join(ROOT, room))));
  if (existsSync(built) && statSync(built).mtimeMs > sourcesMs) return;
  execFileSync(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "renderer", "--logLevel", "warn"], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, NODE_ENV: "production" },
  });
}
