/** Runs forge, offline, with the npm compiler and the Node that runs us. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CACHE, ROOM } from "./compile.ts";

const require = createRequire(import.meta.url);

/** The forge binary of this platform's package; undefined where none is installed. */
export function forgePath(): string | undefined {
  const name = `@foundry-rs/forge-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const path = join(dirname(require.resolve(`${name}/package.json`)), "bin", process.platform === "win32" ? "forge.exe" : "forge");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** An executable that forge takes for a native compiler. */
function compilerLauncher(): string {
  const script = join(ROOM, "script/solc.mjs");
  const windows = process.platform === "win32";
  const path = join(CACHE, windows ? "solc.cmd" : "solc");
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(path, windows ? `@"${process.execPath}" "${script}" %*\r\n` : `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs `forge <args>` at the root of the repository; its standard output (passed on as it comes where `echo`) and exit code. */
export async function runForge(
  args: readonly string[],
  { echo, env = {} }: { echo: boolean; env?: Record<string, string> },
): Promise<{ code: number; stdout: string }> {
  const binary = forgePath();
  if (binary === undefined) throw new Error(`no forge is packaged for ${process.platform}-${process.arch}`);
  const child = spawn(binary, args, {
    cwd: join(ROOM, ".."),
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ...env,
      FOUNDRY_SOLC: compilerLauncher(),
      FOUNDRY_CONFIG: join(ROOM, "foundry.toml"),
      FOUNDRY_PROFILE: "default",
      NO_COLOR: "1",
    },
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    if (echo) process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, stdout });
    });
  });
}
