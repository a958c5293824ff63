/** Starts parts in order and stops them in reverse; what was started is stopped even where a later start fails. */
import { ZpuError } from "@zpu/protocol/errors";

/** Stops in reverse order; one stop that fails or hangs never keeps the others from running. */
export interface Lifecycle {
  /** Runs `start`, then remembers `stop`. Throws what `start` throws; refuses with CANCELLED once stopping has begun. */
  start<T>(name: string, start: () => Promise<T> | T, stop: (part: T) => Promise<void> | void): Promise<T>;
  /** Stops everything that was started, last first. Safe to call more than once: every caller waits for the same stop. */
  stop(): Promise<void>;
  readonly stopping: boolean;
}

/** `stopLimitMs` bounds each part's stop; `report` hears of a start, and of a stop that failed or took too long. */
export function createLifecycle(stopLimitMs: number, report: (level: "info" | "warn", message: string) => void): Lifecycle {
  const started: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopped: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      const { name, stop } = part;
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          report("warn", `${name} did not stop within ${stopLimitMs} ms`);
          resolve();
        }, stopLimitMs);
      });
      try {
        await Promise.race([Promise.resolve(stop()), limit]);
      } catch (error) {
        report("warn", `${name} failed to stop: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        clearTimeout(timer);
      }
    }
  };
  return {
    async start(name, start, stop) {
      if (stopped) throw new ZpuError("CANCELLED");
      const part = await start();
      if (stopped) {
        await stop(part);
        throw new ZpuError("CANCELLED");
      }
      started.push({ name, stop: () => stop(part) });
      report("info", `${name} started`);
      return part;
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
    get stopping() {
      return stopped !== undefined;
    },
  };
}
