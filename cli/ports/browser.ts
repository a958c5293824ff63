/** Opens an address in the owner's browser, where there is a screen to open it on. */
import { spawn } from "node:child_process";
import type { Ports } from "@zpu/provider/ports";

/** Tries once; where it does not work the address stays printed. */
export function openInBrowser(url: string, log: Ports["log"]): void {
  const screen = process.platform !== "linux" || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!screen) return;
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", (error) => log("warn", `the browser was not opened: ${error.message}`));
  child.unref();
}
