/** Compiles the contracts with the npm compiler (no forge, no network): sources in, ABI and creation code out. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const require = createRequire(import.meta.url);
/** The folder of this room. */
export const ROOM = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** Where compiled contracts are kept, one file for each state of the sources. */
export const CACHE = resolve(ROOM, "../.cache/contracts");
/** The compiler's settings; foundry.toml says the same. */
export const SETTINGS = { optimizer: { enabled: true, runs: 10_000 }, viaIR: false, evmVersion: "cancun" } as const;
/** The compiler's word of caution at every use of transient storage; ours is the use that it calls safe (a guard cleared at the end of the call). */
const TRANSIENT_STORAGE_WARNING = "2394";

/** ABI (JSON fragments) and creation code (0x-hex) of one contract. */
export const artifact = z.object({ abi: z.array(z.record(z.string(), z.unknown())), bytecode: z.string().regex(/^0x[0-9a-f]*$/) });
/** By contract or interface name. */
export const artifacts = z.record(z.string(), artifact);
export type Artifacts = z.infer<typeof artifacts>;

const output = z.object({
  errors: z.array(z.object({ errorCode: z.string().optional(), formattedMessage: z.string() })).optional(),
  contracts: z
    .record(z.string(), z.record(z.string(), z.object({ abi: artifact.shape.abi, evm: z.object({ bytecode: z.object({ object: z.string() }) }) })))
    .optional(),
});

/** The text of every source by its import name: `src/...` and whatever of OpenZeppelin it reaches. */
async function readSources(): Promise<Map<string, string>> {
  const files = (await readdir(join(ROOM, "src"), { recursive: true })).filter((name) => name.endsWith(".sol")).sort();
  const openZeppelin = dirname(require.resolve("@openzeppelin/contracts/package.json"));
  const sources = new Map<string, string>();
  const add = async (name: string, path: string): Promise<void> => {
    if (sources.has(name)) return;
    const text = await readFile(path, "utf8");
    sources.set(name, text);
    for (const [, target] of text.matchAll(/^\s*(?:import|\})[^;"]*"([^"]+)"\s*;/gm)) {
      if (target === undefined) continue;
      if (target.startsWith("@openzeppelin/contracts/")) await add(target, join(openZeppelin, target.slice("@openzeppelin/contracts/".length)));
      else if (target.startsWith(".")) await add(join(dirname(name), target).replaceAll("\\", "/"), join(dirname(path), target));
      else throw new Error(`${name} imports ${target}, which is not known here`);
    }
  };
  for (const file of files) await add(`src/${file.replaceAll("\\", "/")}`, join(ROOM, "src", file));
  return sources;
}

/** The cache file for the present sources, settings and compiler version; it may not exist yet. */
export async function cacheFile(): Promise<string> {
  const digest = createHash("sha256")
    .update(JSON.stringify(SETTINGS))
    .update(await readFile(require.resolve("solc/package.json")));
  for (const [name, text] of await readSources()) digest.update(`\0${name}\0${text}`);
  return join(CACHE, `${digest.digest("hex")}.json`);
}

/** Compiles everything under src/ and writes the cache file; returns its path. Throws with the compiler's messages, warnings included. */
export async function compile(): Promise<string> {
  const target = await cacheFile();
  const sources = Object.fromEntries([...(await readSources())].map(([name, content]) => [name, { content }]));
  const input = {
    language: "Solidity",
    sources,
    settings: { ...SETTINGS, metadata: { bytecodeHash: "none" }, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const solc = require("solc") as { compile(input: string): string };
  const result = output.parse(JSON.parse(solc.compile(JSON.stringify(input))));
  const messages = (result.errors ?? []).filter(({ errorCode }) => errorCode !== TRANSIENT_STORAGE_WARNING).map((error) => error.formattedMessage);
  if (messages.length > 0 || !result.contracts) throw new Error(`the contracts do not compile cleanly:\n${messages.join("\n")}`);
  const compiled: Artifacts = {};
  for (const [file, contracts] of Object.entries(result.contracts)) {
    if (!file.startsWith("src/")) continue;
    for (const [name, { abi, evm }] of Object.entries(contracts)) compiled[name] = { abi, bytecode: `0x${evm.bytecode.object}` };
  }
  await mkdir(CACHE, { recursive: true });
  const part = `${target}.${process.pid}.part`;
  await writeFile(part, JSON.stringify(compiled));
  await rename(part, target);
  return target;
}

/** The path relative to the repository, for messages. */
export const shown = (path: string): string => relative(resolve(ROOM, ".."), path);
/** Whether the present sources have been compiled already. */
export const isCompiled = async (): Promise<boolean> => existsSync(await cacheFile());
