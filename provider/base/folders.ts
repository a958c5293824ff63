/** Makes the folders that data lives in, and says in words why one cannot be made. */
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import { orDiskFull } from "./disk.ts";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "unknown");

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "it may not be written",
  EPERM: "it may not be written",
  EROFS: "it is on a file system that is read-only",
  ENOENT: "no folder can be made there",
  ENOTDIR: "a file is in the way",
  EEXIST: "a file is in the way",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
};

function unusable(path: string, error: unknown): ZpuError {
  const code = codeOf(error);
  return new ZpuError("DATA_FOLDER_UNUSABLE", { path, reason: REASONS[code] ?? `the system says ${code}` }, error);
}

/** Whether there is a folder at `path`; DATA_FOLDER_UNUSABLE for `wanted` where something else is there or nothing can be known. */
function isFolder(path: string, wanted: string): boolean {
  try {
    if (statSync(path).isDirectory()) return true;
  } catch (error) {
    // ENOTDIR: something above it is a file; the walk upwards finds which.
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw unusable(wanted, error);
  }
  throw new ZpuError("DATA_FOLDER_UNUSABLE", { path: wanted, reason: `${path} is a file` });
}

/**
 * Makes `folder` (mode 0700) with all that is missing above it, one by one; a folder that is there already has to be writable.
 * Throws DATA_FOLDER_UNUSABLE or DISK_FULL. (Node's own recursive way never returns for a name under /proc.)
 */
export function makeFolder(folder: string): void {
  const wanted = resolve(folder);
  const missing: string[] = [];
  let nearest = wanted;
  while (!isFolder(nearest, wanted)) {
    missing.unshift(nearest);
    const above = dirname(nearest);
    if (above === nearest) throw new ZpuError("DATA_FOLDER_UNUSABLE", { path: wanted, reason: `${above} is not there` });
    nearest = above;
  }
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(wanted, error);
  }
  for (const part of missing) {
    try {
      orDiskFull(part, () => mkdirSync(part, { mode: 0o700 }));
    } catch (error) {
      if (error instanceof ZpuError) throw error;
      // Another process may have made it in the meantime.
      if (codeOf(error) !== "EEXIST" || !isFolder(part, wanted)) throw unusable(wanted, error);
    }
  }
}
