/** The chain's record on disk: a genesis file and an append-only journal of raw transactions, each line on disk before it is answered. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "@zpu/provider/base/folders";
import { z } from "zod";

const META_FILE = "chain.json";
const JOURNAL_FILE = "chain.journal";

/** What the genesis block is made of; the same meta gives the same genesis hash. */
const chainMeta = z.object({ chainId: z.string().regex(/^\d+$/), genesisTime: z.number().int().positive(), prefunded: z.array(z.string()) });
export type ChainMeta = z.infer<typeof chainMeta>;

/** One mined transaction: as it was sent, when (Unix seconds), and the hash of its block. */
const journalEntry = z.object({ raw: z.string(), timestamp: z.number().int(), blockHash: z.string() });
export type JournalEntry = z.infer<typeof journalEntry>;

/** The open journal; `append` returns once the entry is on disk and throws where it cannot be written. */
export interface Journal {
  append(entry: JournalEntry): void;
  close(): void;
}

/** The genesis of the chain in `dataDir`, or undefined where there is no chain yet. */
export function readMeta(dataDir: string): ChainMeta | undefined {
  const path = join(dataDir, META_FILE);
  return existsSync(path) ? chainMeta.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Writes the genesis so that after a crash it is there whole or not at all. */
export function writeMeta(dataDir: string, meta: ChainMeta): void {
  makeFolder(dataDir);
  writeFileDurably(join(dataDir, META_FILE), JSON.stringify(meta), 0o644);
  syncFolder(dataDir);
}

/** Replaces the file at `path` whole: written beside it, synced, renamed. */
export function writeFileDurably(path: string, text: string, mode: number): void {
  const part = `${path}.part`;
  const file = openSync(part, "w", mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/** Makes a rename or a new file in `folder` survive a power cut; Windows has no such call and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Opens the journal of `dataDir`. A last line that was cut off was never answered, so it is dropped; damage before it throws. */
export function openJournal(dataDir: string): { journal: Journal; entries: JournalEntry[] } {
  makeFolder(dataDir);
  const path = join(dataDir, JOURNAL_FILE);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const entries = whole
    .split("\n")
    .slice(0, -1)
    .map((line, index) => {
      try {
        return journalEntry.parse(JSON.parse(line));
      } catch (error) {
        throw new Error(`${path} is damaged at line ${index + 1}`, { cause: error });
      }
    });
  const file = openSync(path, "a");
  let length = Buffer.byteLength(whole);
  ftruncateSync(file, length);
  fsyncSync(file);
  syncFolder(dataDir);
  return {
    entries,
    journal: {
      append(entry) {
        const line = Buffer.from(`${JSON.stringify(entry)}\n`);
        try {
          let written = 0;
          while (written < line.length) written += writeSync(file, line, written);
          fsyncSync(file);
          length += line.length;
        } catch (error) {
          // A half line would make every later one unreadable.
          ftruncateSync(file, length);
          throw error;
        }
      },
      close: () => closeSync(file),
    },
  };
}
