/** Child processes of the launcher: each in a process group of its own, ended in good order, gone even when the launcher is killed. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";
import type { Pipe } from "@zpu/ipc/rpc/pipe";

/** The folder of the workspace. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WATCHDOG = pathToFileURL(join(import.meta.dirname, "watchdog.ts")).href;

/** A running child. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves once the process is gone. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** The child's end of the typed pipe; only where `pipe` was asked for. */
  readonly pipe: Pipe | undefined;
  /** SIGTERM, then SIGKILL for its whole group after `graceMs`; resolves once it is gone. */
  stop(graceMs: number): Promise<void>;
}

export interface LaunchOptions {
  readonly name: string;
  /** TypeScript entry, absolute, and its arguments. */
  readonly entry: string;
  readonly args: readonly string[];
  /** Opens a pipe (structured clone) to the child. */
  readonly pipe?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Every line of the child's standard output and standard error. */
  readonly onLine?: (line: string) => void;
  readonly onErrorLine?: (line: string) => void;
}

let setprivWorks: boolean | undefined;
/** On Linux the kernel ends the child together with its parent, also where its event loop is busy. */
function withDeathSignal(command: string[]): string[] {
  setprivWorks ??= process.platform === "linux" && spawnSync("setpriv", ["--pdeathsig", "KILL", "true"]).status === 0;
  return setprivWorks ? ["setpriv", "--pdeathsig", "KILL", "--", ...command] : command;
}

function pipeTo(child: ChildProcess): Pipe {
  return {
    post(message) {
      if (child.connected) child.send(message as object, undefined, {}, () => undefined);
    },
    onMessage: (listener) => void child.on("message", listener),
    onClose: (listener) => void child.once("disconnect", listener),
    close() {
      if (child.connected) child.disconnect();
    },
  };
}

/** Ends the process group of `pid` at once; a group that is gone already is fine. */
export function killGroup(pid: number): void {
  try {
    if (process.platform === "win32") process.kill(pid, "SIGKILL");
    else process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Starts `entry` under this Node. */
export function launch(options: LaunchOptions): Child {
  const [program = process.execPath, ...args] = withDeathSignal([
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--import",
    WATCHDOG,
    options.entry,
    ...options.args,
  ]);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...(options.pipe === true ? ["ipc" as const] : [])],
    serialization: "advanced",
    windowsHide: true,
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: 127, signal: null }));
  });
  for (const [stream, listener] of [
    [child.stdout, options.onLine],
    [child.stderr, options.onErrorLine],
  ] as const) {
    if (stream === null) continue;
    if (listener === undefined) stream.resume();
    else
      createInterface({ input: stream })
        .on("line", listener)
        .on("error", () => undefined);
  }
  const pid = child.pid ?? -1;
  return {
    name: options.name,
    pid,
    exited,
    pipe: options.pipe === true ? pipeTo(child) : undefined,
    async stop(graceMs) {
      if (pid < 0) return;
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const timer = setTimeout(() => killGroup(pid), graceMs);
        await exited;
        clearTimeout(timer);
      }
      // The child may have left some of its own behind.
      killGroup(pid);
    },
  };
}

/** Runs a program of the workspace to its end; its output line by line. Throws where it cannot be started. */
export async function runToEnd(options: LaunchOptions, track: (child: Child) => void): Promise<number> {
  const child = launch(options);
  track(child);
  const { code } = await child.exited;
  return code ?? 1;
}

/** The first value that `child` gives through `take` before it ends; otherwise an error that says how it ended. */
export async function orExit<T>(child: Child, value: Promise<T>, lastWords: () => string): Promise<T> {
  const ended = child.exited.then(({ code, signal }) => {
    throw new Error(`the ${child.name} ended (${signal ?? `exit ${code ?? "?"}`})${lastWords() === "" ? "" : `: ${lastWords()}`}`);
  });
  ended.catch(() => undefined);
  return Promise.race([value, ended]);
}
