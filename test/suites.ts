/** Which test file belongs to which stage of the test command: by its folder, each file to exactly one. */
import { globSync } from "node:fs";
import { sep } from "node:path";

/** Every room, the tests themselves among them. */
export const ROOMS = [
  "protocol",
  "ipc",
  "contracts",
  "circuits",
  "proofs",
  "network",
  "provider",
  "sdk",
  "gateway",
  "main",
  "cli",
  "devnet",
  "preload",
  "renderer",
  "test",
  "bench",
] as const;

const SPECIAL = { circuits: ["circuits/", "proofs/"], network: ["test/network/"], pages: ["test/ui/"] } as const;

/** The stages that run test files. */
export type Suite = keyof typeof SPECIAL | "unit";
export const SUITES: readonly Suite[] = ["circuits", "unit", "network", "pages"];

/** The stage of the test file at `path` (relative to the repository, with slashes); undefined where no stage would run it. */
export function suiteOf(path: string): Suite | undefined {
  for (const [suite, folders] of Object.entries(SPECIAL)) if (folders.some((folder) => path.startsWith(folder))) return suite as Suite;
  return ROOMS.some((room) => path.startsWith(`${room}/`)) ? "unit" : undefined;
}

/** Paths of the test files of `suite`, those of `folders` alone where given; each names one file and is no part of another's path. */
export function filesOf(root: string, suite: Suite, folders: readonly string[] = [""]): string[] {
  const skipped = /(^|[\\/])(node_modules|dist)$/;
  return globSync(`{${ROOMS.join(",")}}/**/*.test.{ts,tsx}`, { cwd: root, exclude: (path) => skipped.test(path) })
    .map((path) => path.replaceAll(sep, "/"))
    .filter((path) => suiteOf(path) === suite && folders.some((folder) => path.startsWith(folder)))
    .sort();
}
