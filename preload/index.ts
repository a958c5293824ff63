/** The one bridge between the page and main: text frames of a pipe, nothing else of Electron. */
import { contextBridge, ipcRenderer } from "electron";

const pipes = new Map<string, { frame?: (frame: string) => void; closed?: () => void }>();
let opened = 0;
ipcRenderer.on("pipe:frame", (_event, id: string, frame: string) => pipes.get(id)?.frame?.(frame));
ipcRenderer.on("pipe:closed", (_event, id: string) => {
  pipes.get(id)?.closed?.();
  pipes.delete(id);
});

/** Opens a pipe to the node; the page sees four functions. */
function open() {
  const id = `${Date.now()}-${++opened}`;
  const own: { frame?: (frame: string) => void; closed?: () => void } = {};
  pipes.set(id, own);
  ipcRenderer.send("pipe:open", id);
  return {
    post: (frame: string): void => ipcRenderer.send("pipe:frame", id, frame),
    onMessage: (listener: (frame: string) => void): void => void (own.frame = listener),
    onClose: (listener: () => void): void => void (own.closed = listener),
    close: (): void => ipcRenderer.send("pipe:close", id),
  };
}

contextBridge.exposeInMainWorld("zpu", { open });
