/** The smallest thing React can watch: a value, its listeners, and nothing else. */

/** Readable side; `get` returns the same reference until the value changes. */
export interface Store<T> {
  readonly get: () => T;
  /** Called after each change until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

export interface WritableStore<T> extends Store<T> {
  readonly set: (value: T) => void;
}

/** A store; `onActive` runs when the first listener comes and its result when the last one goes. */
export function createStore<T>(initial: T, onActive?: () => () => void): WritableStore<T> {
  let value = initial;
  let deactivate: (() => void) | undefined;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) deactivate = onActive?.();
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        deactivate?.();
        deactivate = undefined;
      };
    },
  };
}
