/** Whether there is room on the disk: by what the file system says and by whether a write has just failed. */
import { statfsSync } from "node:fs";

const REMEMBER_MS = 5_000;

export interface DiskWatch {
  /** The folder that has no room, or undefined where there is some. */
  full(): { path: string } | undefined;
  /** A write failed for want of room: the disk counts as full for the next seconds. */
  failed(): void;
}

/** Watches the disk under `folder`; less than `minFreeBytes` counts as full. */
export function watchDisk(folder: string, minFreeBytes: number, now: () => number): DiskWatch {
  let failedAtMs = -Infinity;
  return {
    full() {
      if (now() - failedAtMs < REMEMBER_MS) return { path: folder };
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize < minFreeBytes ? { path: folder } : undefined;
    },
    failed() {
      failedAtMs = now();
    },
  };
}
