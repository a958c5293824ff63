/** Follows the chain's head, tells whether the chain answers, and trusts it only after it has shown to be the right one. */
import { ZpuError } from "@zpu/protocol/errors";

/** What a watch asks and tells. */
export interface WatchOptions {
  /** Number of the last block; throws CHAIN_UNREACHABLE. */
  readBlock(): Promise<number>;
  /** Throws CHAIN_MISMATCH where this is another chain, CHAIN_UNREACHABLE where it cannot be told now. */
  verify(): Promise<void>;
  log(level: "info" | "warn" | "error", message: string, facts?: Record<string, string | number | boolean>): void;
  /** Time between two looks at the head, in milliseconds. */
  readonly pollMs: number;
  /** The longest pause between two attempts while the chain does not answer. */
  readonly maxBackOffMs: number;
}

export interface Watch {
  head(): { block: number; reachable: boolean };
  onHead(listener: () => void): () => void;
  fault(): ZpuError | undefined;
  /** Runs `read` on a verified chain only, and notes whether it was reached. */
  guard<T>(read: () => Promise<T>): Promise<T>;
  /** First look; CHAIN_MISMATCH where it is another chain. A chain that does not answer is no error. */
  start(): Promise<void>;
  stop(): void;
}

const FIRST_BACK_OFF_MS = 250;

/** A watch over one chain; nothing runs before `start`. */
export function createWatch(options: WatchOptions): Watch {
  const listeners = new Set<() => void>();
  let block = 0;
  let reachable = false;
  let fault: ZpuError | undefined;
  let verified: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let backOffMs = FIRST_BACK_OFF_MS;
  let stopped = false;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const lost = (error: unknown): void => {
    verified = undefined;
    if (!reachable || stopped) return;
    reachable = false;
    options.log("warn", "the chain does not answer", ZpuError.wrap(error).facts);
    tell();
  };
  /** One verification at a time, shared by everybody who waits for it; kept until the chain is lost. */
  const ensureVerified = (): Promise<void> => {
    verified ??= options.verify().then(
      () => {
        if (fault) options.log("info", "the chain is the right one again");
        fault = undefined;
      },
      (error: unknown) => {
        verified = undefined;
        if (error instanceof ZpuError && error.code === "CHAIN_MISMATCH") {
          if (!fault) options.log("error", error.message, error.facts);
          fault = error;
        }
        throw error;
      },
    );
    return verified;
  };
  const isUnreachable = (error: unknown): boolean => error instanceof ZpuError && error.code === "CHAIN_UNREACHABLE";
  const guard = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      await ensureVerified();
      return await read();
    } catch (error) {
      if (isUnreachable(error)) lost(error);
      throw error;
    }
  };
  const look = async (): Promise<void> => {
    const before = block;
    const next = await guard(() => options.readBlock());
    if (next < before) {
      // Shorter than before: a reorganised chain, or one that was reset between two looks. It is verified anew before it is believed.
      verified = undefined;
      await guard(() => Promise.resolve());
    }
    const changed = next !== before || !reachable;
    if (!reachable) options.log("info", "the chain answers", { block: next });
    block = next;
    reachable = true;
    backOffMs = FIRST_BACK_OFF_MS;
    if (changed) tell();
  };
  const loop = async (): Promise<void> => {
    timer = undefined;
    let pauseMs = options.pollMs;
    try {
      await look();
    } catch (error) {
      if (!(error instanceof ZpuError)) options.log("error", "the chain's head could not be read", { detail: String(error) });
      pauseMs = backOffMs * (0.75 + Math.random() / 2);
      backOffMs = Math.min(backOffMs * 2, options.maxBackOffMs);
    }
    if (!stopped) timer = setTimeout(() => void loop(), pauseMs);
  };

  /** A read that got through ends the wait for the next look: it is the sign that the chain is back. */
  const guardAndHurry = async <T>(read: () => Promise<T>): Promise<T> => {
    const result = await guard(read);
    if (!reachable && timer !== undefined) {
      clearTimeout(timer);
      timer = undefined;
      void loop();
    }
    return result;
  };

  return {
    head: () => ({ block, reachable: reachable && fault === undefined }),
    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fault: () => fault,
    guard: guardAndHurry,
    async start() {
      try {
        await look();
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        options.log("warn", "the chain does not answer yet", ZpuError.wrap(error).facts);
      }
      if (!stopped) timer = setTimeout(() => void loop(), reachable ? options.pollMs : FIRST_BACK_OFF_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
