/** Keeps a worker process alive: starts it on demand or at once, starts it again with back-off when it ends, and counts the restarts. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { ZpuError, type ErrorCode } from "@zpu/protocol/errors";
import type { Ports, WorkerName, WorkerProcess } from "../ports.ts";

export type WorkerState = "starting" | "ready" | "stopped" | "restarting";

/** A process under supervision; `T` is its client once it is prepared. */
export interface Supervised<T> {
  /** The client of the running, prepared process; starts it where it is stopped, waits while it restarts. Throws what preparing threw. */
  client(): Promise<T>;
  /**
   * What `work` makes of the client. A process that has not answered after `limitMs` is killed (it is started again as after any end),
   * and the call rejects with the died code and the fact `why`; so do the other calls that were open in it.
   */
  within<R>(limitMs: number, work: (client: T) => Promise<R>): Promise<R>;
  view(): { name: WorkerName; pid: number; state: WorkerState; restarts: number };
  /** Ends the process and keeps it ended. */
  stop(): Promise<void>;
}

export interface SupervisorOptions<T> {
  readonly name: WorkerName;
  /** Absolute file URL of the process's entry. */
  readonly entry: string;
  /** Code of the error that open calls reject with when the process ends. */
  readonly diedCode: ErrorCode;
  readonly ports: Pick<Ports, "spawner" | "log" | "now">;
  /** Makes the client and gets the process ready (loads a model, opens a key). The process counts as ready once it resolves. */
  readonly prepare: (pipe: Pipe) => Promise<T>;
  /** Start at once and again after every end; otherwise only while somebody asks for the client. */
  readonly always: boolean;
  /** A process that is not prepared after this long is killed. */
  readonly prepareLimitMs?: number;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** A process that lived this long starts again without delay. */
  readonly steadyMs?: number;
  /** A process on demand that had nothing to do (`within`) for this long is ended, to give its memory back; never where left out. */
  readonly restAfterMs?: number;
  /** Hears of every change of `view()`. */
  readonly changed?: () => void;
}

/** Supervises one process. */
export function supervise<T>(options: SupervisorOptions<T>): Supervised<T> {
  const { name, entry, diedCode, ports, prepare, always, firstDelayMs = 100, maxDelayMs = 10_000, steadyMs = 30_000, changed } = options;
  const { prepareLimitMs = 60_000, restAfterMs } = options;
  let state: WorkerState = "stopped";
  let restarts = 0;
  let inARow = 0;
  let notBeforeMs = 0;
  let worker: WorkerProcess | undefined;
  let ready: Promise<T> | undefined;
  let stopping = false;
  let working = 0;
  let restTimer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;

  const become = (next: WorkerState): void => {
    state = next;
    changed?.();
  };
  /** Ends a process that nobody has used for a while; the next call starts it again, without counting as a restart. */
  const rest = (): void => {
    const idle = worker;
    if (!idle || working > 0 || state !== "ready") return;
    worker = undefined;
    ready = undefined;
    ports.log("info", `${name} process rests`, { pid: idle.pid });
    idle.kill();
    become("stopped");
  };
  const restLater = (): void => {
    clearTimeout(restTimer);
    if (restAfterMs !== undefined && !always && working === 0) restTimer = setTimeout(rest, restAfterMs).unref();
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const ended = (which: WorkerProcess, startedAtMs: number, exit: { code: number | null; signal: string | null }): void => {
    if (worker !== which) return;
    worker = undefined;
    ready = undefined;
    if (stopping) return become("stopped");
    restarts += 1;
    inARow = ports.now() - startedAtMs >= steadyMs ? 0 : inARow + 1;
    const delayMs = inARow === 0 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** (inARow - 1));
    notBeforeMs = ports.now() + delayMs;
    ports.log("warn", `${name} process ended`, { pid: which.pid, code: exit.code ?? "none", signal: exit.signal ?? "none", restartInMs: delayMs });
    become(always ? "restarting" : "stopped");
    if (always) begin().catch(() => undefined);
  };
  /** What `work` gives; after `limitMs` the process `which` is killed and the result is the died code. */
  const limited = async <R>(which: WorkerProcess, limitMs: number, waiting: string, work: Promise<R>): Promise<R> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const why = `it did not answer for ${limitMs} ms while ${waiting}`;
        ports.log("warn", `${name} process is killed: ${why}`, { pid: which.pid });
        reject(new ZpuError(diedCode, { why }));
        which.kill();
      }, limitMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const launch = async (): Promise<T> => {
    const waitMs = notBeforeMs - ports.now();
    if (waitMs > 0) await pause(waitMs);
    if (stopping) throw new ZpuError(diedCode);
    const started = ports.spawner.spawn(name, entry);
    const startedAtMs = ports.now();
    worker = started;
    become(restarts === 0 ? "starting" : "restarting");
    let exited = false;
    const gone = started.exited.then((exit) => {
      exited = true;
      ended(started, startedAtMs, exit);
      throw new ZpuError(diedCode);
    });
    gone.catch(() => undefined);
    try {
      const client = await limited(started, prepareLimitMs, "getting ready", Promise.race([prepare(started.pipe), gone]));
      become("ready");
      restLater();
      return client;
    } catch (error) {
      if (!exited) started.kill();
      throw error;
    }
  };
  const begin = (): Promise<T> => {
    if (ready) return ready;
    const attempt = launch();
    ready = attempt;
    attempt.catch((error: unknown) => {
      ports.log("warn", `${name} process is not ready: ${ZpuError.wrap(error).message}`);
      if (ready === attempt && worker === undefined) ready = undefined;
    });
    return attempt;
  };
  if (always) begin().catch(() => undefined);

  return {
    client() {
      if (stopping) return Promise.reject(new ZpuError(diedCode));
      return begin();
    },
    async within(limitMs, work) {
      working += 1;
      clearTimeout(restTimer);
      try {
        const client = await this.client();
        const running = worker;
        // It ended between getting ready and now: its calls reject by themselves.
        return await (running ? limited(running, limitMs, "working", work(client)) : work(client));
      } finally {
        working -= 1;
        restLater();
      }
    },
    view: () => ({ name, pid: worker?.pid ?? 0, state, restarts }),
    async stop() {
      stopping = true;
      clearTimeout(restTimer);
      wake?.();
      const last = worker;
      if (last) {
        last.kill();
        await last.exited;
      }
      become("stopped");
    },
  };
}
