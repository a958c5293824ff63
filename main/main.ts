/** Entry of the desktop app: one sandboxed window on the built pages, one relay to the node of this machine. */
import { app, BrowserWindow, session } from "electron";
import { relayPipes } from "./node-link.ts";
import { PAGE_URL, registerPageScheme, servePages } from "./pages.ts";
import { openWindow } from "./window.ts";

/** Path of the running node's operator socket: `--socket PATH` or ZPU_SOCKET; without one the page says that no node runs. */
const socketArgument = process.argv.indexOf("--socket");
const socketPath = (socketArgument >= 0 ? process.argv[socketArgument + 1] : undefined) ?? process.env.ZPU_SOCKET;

app.enableSandbox();
registerPageScheme();

// A second start only brings the first one's window forward.
if (!app.requestSingleInstanceLock()) app.quit();
else {
  app.on("second-instance", () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on("window-all-closed", () => app.quit());
  await app.whenReady();
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === "clipboard-sanitized-write"));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === "clipboard-sanitized-write");
  servePages(session.defaultSession.protocol);
  relayPipes(socketPath);
  await openWindow(PAGE_URL);
}
