/** Loaded before a worker process's entry: a thread that ends the process once its parent is gone, however busy the main thread is. */
import { isMainThread, Worker } from "node:worker_threads";

/** Runs in the thread; plain script text, because it must start even where the process's loader does not. */
const WATCH = `
  const parent = Number(process.env.ZPU_PARENT_PID);
  const gone = () => {
    if (process.platform !== "win32") return process.ppid !== parent;
    try { process.kill(parent, 0); return false; } catch { return true; }
  };
  setInterval(() => { if (gone()) process.kill(process.pid, "SIGKILL"); }, 250);
`;

if (isMainThread && process.env.ZPU_PARENT_PID !== undefined) {
  const watch = new Worker(WATCH, {
    eval: true,
    execArgv: [],
    stdout: false,
    stderr: false,
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8 },
  });
  watch.unref();
}
