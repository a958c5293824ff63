/** The pages: built when their sources have changed, opened in the browser where there is a screen. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { launch, ROOT, type Child } from "./child.ts";

const SOURCES = ["renderer", "ipc", "protocol", "proofs"];
const SKIPPED = new Set(["node_modules", "dist"]);
const STAMP = join(ROOT, ".cache", "renderer.sha256");

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (!/\.test\.tsx?$/.test(entry.name)) yield path;
  }
}

/** SHA-256 over the names and contents of everything the pages are made of. */
export function pagesDigest(): string {
  const hash = createHash("sha256");
  for (const room of SOURCES) {
    for (const file of files(join(ROOT, room)))
      hash
        .update(`${relative(ROOT, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
  }
  return hash.update(readFileSync(join(ROOT, "package-lock.json"))).digest("hex");
}

/** Builds the pages where they are missing or outdated; true where it had to. Throws with the builder's last words. */
export async function ensurePages(track: (child: Child) => void): Promise<boolean> {
  const digest = pagesDigest();
  const built = existsSync(join(ROOT, "renderer", "dist", "index.html")) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest;
  if (built) return false;
  const words: string[] = [];
  const keep = (line: string): void => void words.push(line);
  const builder = launch({
    name: "page builder",
    entry: join(ROOT, "node_modules", "vite", "bin", "vite.js"),
    args: ["build", "renderer", "--logLevel", "warn"],
    onLine: keep,
    onErrorLine: keep,
  });
  track(builder);
  const { code } = await builder.exited;
  if (code !== 0) throw new Error(`the pages could not be built: ${words.slice(-5).join(" / ")}`);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, digest);
  return true;
}

/** Opens `url` in the user's browser; false where there is no screen or no way to. */
export function openBrowser(url: string): boolean {
  const screen = process.platform !== "linux" || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!screen) return false;
  const [program, args] =
    process.platform === "darwin"
      ? ["open", [url]]
      : process.platform === "win32"
        ? ["rundll32", ["url.dll,FileProtocolHandler", url]]
        : ["xdg-open", [url]];
  const opener = spawn(program, args, { stdio: "ignore", detached: true });
  opener.once("error", () => undefined);
  opener.unref();
  return true;
}
