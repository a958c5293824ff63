/** States that screens watch: a value that tells every change, and a view that is computed again after changes, at most once per tick of its pace. */
import type { Source } from "@zpu/ipc/rpc/contract";

/** A value and those who watch it. */
export interface State<T> {
  get(): T;
  set(value: T): void;
  readonly source: Source<T>;
}

function createListeners<T>(): { add(listener: (value: T) => void): () => void; tell(value: T): void; size(): number } {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(value) {
      for (const listener of [...listeners]) listener(value);
    },
    size: () => listeners.size,
  };
}

/** A state with its first value. */
export function createState<T>(first: T): State<T> {
  let value = first;
  const listeners = createListeners<T>();
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
export function createSignal<T>(): Signal<T> {
  const listeners = createListeners<T>();
  return { tell: (value) => listeners.tell(value), on: (listener) => listeners.add(listener) };
}

/** A view computed on demand: `touch` says that it may have changed; watchers hear the new one at most every `paceMs`. */
export interface View<T> {
  readonly touch: () => void;
  readonly source: Source<T>;
  stop(): void;
}

/** Computes nothing while nobody watches. */
export function createView<T>(paceMs: number, compute: () => T): View<T> {
  const listeners = createListeners<T>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  return {
    touch() {
      if (timer !== undefined || stopped || listeners.size() === 0) return;
      timer = setTimeout(() => {
        timer = undefined;
        if (listeners.size() > 0) listeners.tell(compute());
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
