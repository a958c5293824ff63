/** The window: a sandboxed page without Node, that may go nowhere and open nothing. */
import { fileURLToPath } from "node:url";
import { BrowserWindow } from "electron";

/** Opens the one window on `url`; navigation, new windows, webviews and downloads are refused. */
export async function openWindow(url: string): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    width: 1280,
    height: 860,
    minWidth: 400,
    minHeight: 560,
    show: false,
    title: "ZPU",
    autoHideMenuBar: true,
    webPreferences: {
      preload: fileURLToPath(new URL("../../preload/dist/index.cjs", import.meta.url)),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  webContents.on("will-navigate", (event) => event.preventDefault());
  webContents.on("will-attach-webview", (event) => event.preventDefault());
  webContents.session.on("will-download", (event) => event.preventDefault());
  window.once("ready-to-show", () => window.show());
  await window.loadURL(url);
  return window;
}
