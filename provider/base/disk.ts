/** Whether there is room on the disk: by what the file system says, by whether a write has just failed, and by how it failed. */
import { statfsSync } from "node:fs";
import { ZpuError } from "@zpu/protocol/errors";

const REMEMBER_MS = 5_000;

const SQLITE_FULL = 13;
/**
 * How SQLite says that it found no room without saying FULL: a write, a flush or a resize that a quota or a late allocation refused
 * (IOERR_WRITE, IOERR_FSYNC, IOERR_DIR_FSYNC, IOERR_TRUNCATE), and the index of the write-ahead log that could not grow (IOERR_SHMSIZE).
 */
const SQLITE_NO_ROOM: readonly unknown[] = [778, 1034, 1290, 1546, 4874];
const SYSTEM_NO_ROOM: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/** Whether `error` says that the disk is full: from SQLite, from the file system, or as DISK_FULL. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof ZpuError) return error.code === "DISK_FULL";
  if (typeof error !== "object" || error === null) return false;
  if ("code" in error && SYSTEM_NO_ROOM.includes(error.code)) return true;
  return "errcode" in error && ((Number(error.errcode) & 0xff) === SQLITE_FULL || SQLITE_NO_ROOM.includes(error.errcode));
}

/** DISK_FULL at `path` where `error` says that there is no room, else `error` itself. */
export function asDiskError(error: unknown, path: string): unknown {
  return isDiskFull(error) && !(error instanceof ZpuError) ? new ZpuError("DISK_FULL", { path }, error) : error;
}

/** What `work` gives; throws DISK_FULL at `path` where it failed for want of room. */
export function orDiskFull<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asDiskError(error, path);
  }
}

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
