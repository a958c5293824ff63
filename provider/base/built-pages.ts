/** When the built pages are out of date: one rule, by content, for everything that starts a node with pages. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

const SOURCES = ["renderer", "ipc", "protocol", "proofs"];
const SKIPPED = new Set(["node_modules", "dist", "README.md"]);

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (!/\.test\.tsx?$/.test(entry.name)) yield path;
  }
}

/** SHA-256 over the names and contents of everything under `root` that the pages are made of. */
export function pagesDigest(root: string): string {
  const hash = createHash("sha256");
  for (const room of SOURCES) {
    for (const file of files(join(root, room)))
      hash
        .update(`${relative(root, file).replaceAll(sep, "/")}\0`)
        .update(readFileSync(file))
        .update("\0");
  }
  return hash.update(readFileSync(join(root, "package-lock.json"))).digest("hex");
}

const stampOf = (root: string): string => join(root, ".cache", "renderer.sha256");

/** Folder of the built pages. */
export const pagesFolder = (root: string): string => join(root, "renderer", "dist");

/** Whether the built pages are those of `digest`. */
export const pagesBuilt = (root: string, digest: string): boolean =>
  existsSync(join(pagesFolder(root), "index.html")) && existsSync(stampOf(root)) && readFileSync(stampOf(root), "utf8") === digest;

/** Remembers that the pages of `digest` were built. */
export function rememberPages(root: string, digest: string): void {
  mkdirSync(dirname(stampOf(root)), { recursive: true });
  writeFileSync(stampOf(root), digest);
}

/** What Node runs to build the pages: the builder and its arguments; the working folder is `root`. */
export const pagesBuilder = (root: string): readonly [program: string, ...args: string[]] => [
  join(root, "node_modules", "vite", "bin", "vite.js"),
  "build",
  "renderer",
  "--logLevel",
  "warn",
];
