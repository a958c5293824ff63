/** Keeps a connection to a gateway: dials, and dials again with jittered back-off whenever it is lost. */
import type { PeerId } from "@zpu/protocol/ids";
import { ZpuError } from "@zpu/protocol/errors";
import type { NetworkNode } from "./node.ts";

/** Back-off in milliseconds: each wait is a random part (half to whole) of a bound that doubles from `firstMs` to `mostMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What happens while connecting; `onUp` says hello (a rejection counts as a failed attempt), the others only tell. */
export interface KeepConnectedOptions {
  readonly onUp: (peer: PeerId) => Promise<void>;
  readonly onDown?: (error: ZpuError | undefined) => void;
  readonly backOff?: BackOff;
}

/** The wait before attempt number `attempt` (0 for the first repetition), in milliseconds. `random` is in [0, 1). */
export function backOffMs(attempt: number, backOff: BackOff, random: number): number {
  const bound = Math.min(backOff.mostMs, backOff.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(bound * (0.5 + random / 2));
}

/** Starts at once and goes on until `stop`. `multiaddrs` are addresses of one gateway, asked for anew at every attempt. */
export function keepConnected(
  node: NetworkNode,
  multiaddrs: () => readonly string[] | Promise<readonly string[]>,
  options: KeepConnectedOptions,
): { stop(): void } {
  const backOff = options.backOff ?? { firstMs: 500, mostMs: 30_000 };
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => { stopping.signal.addEventListener("abort", () => { resolve(); }); }); // prettier-ignore

  const run = async (): Promise<void> => {
    let attempt = 0;
    while (!stopping.signal.aborted) {
      let failure: ZpuError | undefined;
      let stopListening = (): void => undefined;
      try {
        const peer = await node.dial(await multiaddrs(), { signal: stopping.signal });
        const lost = new Promise<void>((resolve) => {
          stopListening = node.onDisconnect((other) => { if (other === peer) resolve(); }); // prettier-ignore
        });
        if (node.peers().includes(peer)) {
          await Promise.race([options.onUp(peer), stopped]);
          attempt = 0;
          await Promise.race([lost, stopped]);
        }
      } catch (error) {
        failure = ZpuError.wrap(error);
      } finally {
        stopListening();
      }
      if (stopping.signal.aborted) return;
      options.onDown?.(failure);
      const waitMs = backOffMs(attempt, backOff, Math.random());
      attempt += 1;
      await Promise.race([new Promise<void>((resolve) => setTimeout(resolve, waitMs).unref()), stopped]);
    }
  };
  void run();
  return { stop: () => { stopping.abort(); } }; // prettier-ignore
}
