/** A Pipe is the only thing two processes share: it posts one value and hears values. Fittings live where their platform does. */

/** Values are structured-clone data (bigint and Uint8Array included). */
export interface Pipe {
  post(message: unknown): void;
  /** Called for every value the other side posted; the last registered listener wins. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the other side is gone. */
  onClose(listener: () => void): void;
  close(): void;
}

/** Two ends in one process; delivery is asynchronous and values are cloned, as between processes. */
export function pipePair(clone: <T>(value: T) => T = (value) => value): [Pipe, Pipe] {
  const listeners: (((message: unknown) => void) | undefined)[] = [undefined, undefined];
  const closers: (() => void)[] = [];
  const waiting: unknown[][] = [[], []];
  let open = true;
  const end = (self: 0 | 1): Pipe => {
    const other = self === 0 ? 1 : 0;
    return {
      post(message) {
        if (!open) return;
        const copy = clone(message);
        void Promise.resolve().then(() => {
          const listener = listeners[other];
          if (listener) listener(copy);
          else waiting[other]?.push(copy);
        });
      },
      onMessage(listener) {
        listeners[self] = listener;
        for (const message of waiting[self]?.splice(0) ?? []) listener(message);
      },
      onClose: (listener) => void closers.push(listener),
      close() {
        if (!open) return;
        open = false;
        for (const closer of closers) closer();
      },
    };
  };
  return [end(0), end(1)];
}
