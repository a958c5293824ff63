/** Preloaded into the launcher's children: a thread that ends the process once its parent is gone, however busy the main thread is. */
import { isMainThread, Worker } from "node:worker_threads";

const POLL_MS = 500;

// The kernel hands an orphan to another parent; a thread sees that even while the main one computes.
const WATCH = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, ${POLL_MS});
`;

if (isMainThread) {
  const worker = new Worker(WATCH, { eval: true, execArgv: [], stdin: false });
  worker.unref();
}
