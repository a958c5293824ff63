/** What the processes write to standard error, kept in files under the data directory so that an error can be reported with its log. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "@zpu/provider/base/folders";

const MAX_BYTES = 4 * 1024 * 1024;

/** A function that appends a line to `<folder>/<name>.log`; a file that has grown large is set aside as `.old` first. */
export function openLogs(folder: string): (name: string, line: string) => void {
  makeFolder(folder);
  const sizes = new Map<string, number>();
  return (name, line) => {
    const path = join(folder, `${name}.log`);
    let size = sizes.get(name) ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    try {
      if (size > MAX_BYTES) {
        renameSync(path, `${path}.old`);
        size = 0;
      }
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
      sizes.set(name, size + line.length + 1);
    } catch {
      // A full disk must not end the launcher; the processes themselves report it.
    }
  };
}
