/** Worker processes as Node children: they die with this process even when it is killed with -9 and they are busy. */
import { fork, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import type { Spawner, WorkerProcess } from "@zpu/provider/ports";

const SETPRIV = ["/usr/bin/setpriv", "/bin/setpriv"];

/** Where the kernel itself can be told to kill a child with its parent (Linux, util-linux), the command that does it. */
function parentDeathCommand(): string | undefined {
  if (process.platform !== "linux") return undefined;
  return SETPRIV.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function pipeOf(child: ChildProcess): Pipe {
  let listener: ((message: unknown) => void) | undefined;
  const waiting: unknown[] = [];
  const closers: (() => void)[] = [];
  let open = true;
  const closed = (): void => {
    if (!open) return;
    open = false;
    for (const closer of closers) closer();
  };
  child.on("message", (message) => {
    if (listener) listener(message);
    else waiting.push(message);
  });
  child.once("disconnect", closed);
  child.once("exit", closed);
  return {
    post(message) {
      // A child that is just dying loses the message; whoever waits for its answer hears of the end.
      if (child.connected) child.send(message as object, undefined, {}, () => undefined);
    },
    onMessage(next) {
      listener = next;
      for (const message of waiting.splice(0)) next(message);
    },
    onClose(closer) {
      if (open) closers.push(closer);
      else closer();
    },
    close() {
      if (child.connected) child.disconnect();
    },
  };
}

/** A spawner of children of this process. Their standard error is this process's; they see only the environment they need. */
export function createSpawner(): Spawner {
  const setpriv = parentDeathCommand();
  // The watchdog is a thread of some 11 MiB in every process: only where the kernel does not do its work.
  const watchdog = setpriv === undefined ? ["--import", new URL("./watchdog.ts", import.meta.url).href] : [];
  const nodeFlags = ["--disable-warning=ExperimentalWarning", ...watchdog];
  return {
    spawn(name, entry): WorkerProcess {
      const child = fork(fileURLToPath(entry), [], {
        serialization: "advanced",
        stdio: ["ignore", "ignore", "inherit", "ipc"],
        // Its own group: Ctrl-C in the terminal reaches this process alone, which then stops its children in order.
        detached: process.platform !== "win32",
        ...(setpriv === undefined
          ? { execPath: process.execPath, execArgv: nodeFlags }
          : { execPath: setpriv, execArgv: ["--pdeathsig", "KILL", "--", process.execPath, ...nodeFlags] }),
        env: {
          PATH: process.env.PATH ?? "",
          ...(process.env.NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
          ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
          ZPU_PARENT_PID: String(process.pid),
          ZPU_WORKER: name,
        },
      });
      const pipe = pipeOf(child);
      const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
        child.once("exit", (code, signal) => resolve({ code, signal }));
        child.once("error", () => resolve({ code: null, signal: null }));
      });
      return { pid: child.pid ?? 0, pipe, exited, kill: () => void child.kill("SIGKILL") };
    },
  };
}
