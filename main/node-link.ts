/** Relays the page's pipe to the operator socket of the node that runs on this machine; what only the terminal may ask stays here. */
import { connect, type Socket } from "node:net";
import { ipcMain, type IpcMainEvent } from "electron";
import { screenForPage } from "@zpu/ipc/operator/page-rule";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { PAGE_URL } from "./pages.ts";

/** Longest frame that is relayed either way, in characters. */
const MAX_FRAME_CHARS = 8 * 1024 * 1024;

/** Whether a message comes from the top frame of our own page. */
function ours({ senderFrame }: IpcMainEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && senderFrame.url.startsWith(PAGE_URL);
}

/** Cuts a text stream into its lines. A line over the limit throws RangeError. */
export function lineCutter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_FRAME_CHARS) throw new RangeError("line too long");
    for (const line of lines) if (line !== "") onLine(line);
  };
}

/** Serves the channels `pipe:open`, `pipe:frame` and `pipe:close` of the preload's bridge. Each pipe of the page is one connection. */
export function relayPipes(socketPath: string | undefined): void {
  const sockets = new Map<string, Socket>();
  ipcMain.on("pipe:open", (event, id: unknown) => {
    if (!ours(event) || typeof id !== "string" || sockets.has(id)) return;
    const { sender } = event;
    const tell = (channel: string, ...values: string[]): void => {
      if (!sender.isDestroyed()) sender.send(channel, id, ...values);
    };
    if (socketPath === undefined) return tell("pipe:closed");
    const socket = connect(socketPath);
    sockets.set(id, socket);
    socket.setEncoding("utf8");
    const cut = lineCutter((line) => tell("pipe:frame", line));
    socket.on("data", (chunk: string) => {
      try {
        cut(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      sockets.delete(id);
      tell("pipe:closed");
    });
    sender.once("destroyed", () => socket.destroy());
  });
  ipcMain.on("pipe:frame", (event, id: unknown, frame: unknown) => {
    if (!ours(event) || typeof id !== "string" || typeof frame !== "string" || frame.length > MAX_FRAME_CHARS || frame.includes("\n")) return;
    const socket = sockets.get(id);
    if (socket === undefined) return;
    let message: unknown;
    try {
      message = decodeText(frame);
    } catch {
      return void socket.destroy();
    }
    // The node's socket is the terminal's: what it answers beyond a page's rights is stopped here. What passes is what was parsed.
    const screened = screenForPage(message);
    if ("pass" in screened) socket.write(`${encodeText(screened.pass)}\n`);
    else if (!event.sender.isDestroyed()) event.sender.send("pipe:frame", id, encodeText(screened.answer));
  });
  ipcMain.on("pipe:close", (event, id: unknown) => {
    if (ours(event) && typeof id === "string") sockets.get(id)?.destroy();
  });
}
