/** Rate limits by the generic cell rate algorithm (ITU-T I.371): one number per peer, a bounded number of peers. */

/** `perSecond` in the long run, at most `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Answers whether one more event may happen now. */
export interface RateLimiter {
  /** 0 where the event of `key` is admitted (and counted), otherwise the milliseconds after which it would be. */
  take(key: string): number;
  /** Keys held at the moment; never above the limit given. */
  readonly size: number;
}

const MAX_KEYS = 4096;

/** A limiter with one rate for each key and one for all together. `nowMs` is a monotonic clock. */
export function createRateLimiter(perKey: Rate, total: Rate, nowMs: () => number = () => performance.now(), maxKeys: number = MAX_KEYS): RateLimiter {
  /** Theoretical arrival time of each key, least recently used first. */
  const arrivals = new Map<string, number>();
  let totalArrival = 0;

  const waitMs = (arrival: number, rate: Rate, now: number): number =>
    Math.max(0, Math.max(arrival, now) - now - (1000 / rate.perSecond) * (rate.burst - 1));

  return {
    take(key) {
      const now = nowMs();
      const arrival = arrivals.get(key) ?? 0;
      const wait = Math.max(waitMs(arrival, perKey, now), waitMs(totalArrival, total, now));
      if (wait > 0) return Math.ceil(wait);
      totalArrival = Math.max(totalArrival, now) + 1000 / total.perSecond;
      arrivals.delete(key);
      arrivals.set(key, Math.max(arrival, now) + 1000 / perKey.perSecond);
      if (arrivals.size > maxKeys) {
        for (const [other, at] of arrivals) if (at <= now) arrivals.delete(other);
        for (const other of arrivals.keys()) {
          if (arrivals.size <= maxKeys) break;
          arrivals.delete(other);
        }
      }
      return 0;
    },
    get size() {
      return arrivals.size;
    },
  };
}
