/** States that screens watch: a value that tells every change, and a view that is computed again after changes, at most once per tick of its pace. */
import type { Source } from "@zpu/ipc/rpc/contract";
import { ZpuError } from "@zpu/protocol/errors";
import type { Ports } from "../ports.ts";

/** A value and those who watch it. */
export interface State<T> {
  get(): T;
  set(value: T): void;
  readonly source: Source<T>;
}

/** Hears of an exception that a listener threw: whoever tells goes on as if nothing had happened. */
export type Report = (error: unknown) => void;

/** A report that logs `what` failed, with the error's message. */
export const logged =
  (log: Ports["log"], what: string): Report =>
  (error) =>
    log("error", `${what}: ${ZpuError.wrap(error).message}`);

function createListeners<T>(report: Report): { add(listener: (value: T) => void): () => void; tell(value: T): void; size(): number } {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(value) {
      for (const listener of [...listeners]) {
        try {
          listener(value);
        } catch (error) {
          report(error);
        }
      }
    },
    size: () => listeners.size,
  };
}

/** A state with its first value. */
export function createState<T>(first: T, report: Report): State<T> {
  let value = first;
  const listeners = createListeners<T>(report);
  return {
    get: () => value,
    set(next) {
      value = next;
      listeners.tell(next);
    },
    source(listener) {
      listener(value);
      return listeners.add(listener);
    },
  };
}

/** Something that happens; nobody's control flow may depend on hearing of it. */
export interface Signal<T> {
  tell(value: T): void;
  on(listener: (value: T) => void): () => void;
}

/** A signal without listeners. */
export function createSignal<T>(report: Report): Signal<T> {
  const listeners = createListeners<T>(report);
  return { tell: (value) => listeners.tell(value), on: (listener) => listeners.add(listener) };
}

/** A view computed on demand: `touch` says that it may have changed; watchers hear the new one at most every `paceMs`. */
export interface View<T> {
  readonly touch: () => void;
  readonly source: Source<T>;
  stop(): void;
}

/** Computes nothing while nobody watches; a computation that fails is reported and tried again at the next touch. */
export function createView<T>(paceMs: number, compute: () => T, report: Report): View<T> {
  const listeners = createListeners<T>(report);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  return {
    touch() {
      if (timer !== undefined || stopped || listeners.size() === 0) return;
      timer = setTimeout(() => {
        timer = undefined;
        if (listeners.size() === 0) return;
        try {
          listeners.tell(compute());
        } catch (error) {
          report(error);
        }
      }, paceMs);
    },
    source(listener) {
      listener(compute());
      return listeners.add(listener);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
