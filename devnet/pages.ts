/** The pages: built when their sources have changed, opened in the browser where there is a screen. */
import { spawn } from "node:child_process";
import { pagesBuilder, pagesBuilt, pagesDigest, rememberPages } from "@zpu/provider/base/built-pages";
import { launch, ROOT, type Child } from "./child.ts";

/** Builds the pages where they are missing or outdated; true where it had to. Throws with the builder's last words. */
export async function ensurePages(track: (child: Child) => void): Promise<boolean> {
  const digest = pagesDigest(ROOT);
  if (pagesBuilt(ROOT, digest)) return false;
  const words: string[] = [];
  const keep = (line: string): void => void words.push(line);
  const [entry, ...args] = pagesBuilder(ROOT);
  const builder = launch({ name: "page builder", entry, args, onLine: keep, onErrorLine: keep });
  track(builder);
  const { code } = await builder.exited;
  if (code !== 0) throw new Error(`the pages could not be built: ${words.slice(-5).join(" / ")}`);
  rememberPages(ROOT, digest);
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
