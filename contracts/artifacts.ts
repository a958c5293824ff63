/** Compiled contracts: from the cache, or compiled in a child process (about two seconds) where the sources have changed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { artifacts, cacheFile, type Artifacts } from "./script/compile.ts";

export type { Artifacts } from "./script/compile.ts";

/** ABI and creation code by contract name. The compiler runs in a child process: it is large and would block this one. */
export async function loadArtifacts(): Promise<Artifacts> {
  const file = await cacheFile();
  if (!existsSync(file)) {
    await promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL("./script/build.ts", import.meta.url)),
      "--quiet",
    ]);
  }
  return artifacts.parse(JSON.parse(await readFile(file, "utf8")));
}
