/** Content-addressed files: the name of a blob is the SHA-256 of its bytes; a blob is on disk, whole, before its name is used anywhere. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, type Bytes32 } from "@zpu/protocol/ids";
import { asDiskError } from "./disk.ts";
import { makeFolder } from "./folders.ts";

export interface Blobs {
  /** Writes `bytes` (fsync, rename, directory fsync) and returns their SHA-256; throws DISK_FULL. */
  put(bytes: Uint8Array): Bytes32;
  /** The bytes of a blob; throws INTERNAL where they are gone or no longer have their digest. */
  get(sha256: Bytes32): Uint8Array<ArrayBuffer>;
  /** Deletes a blob that no record names any more; one that is gone already is no error. */
  remove(sha256: Bytes32): void;
}

const digestOf = (bytes: Uint8Array): Bytes32 => bytes32.parse(`0x${createHash("sha256").update(bytes).digest("hex")}`);

/** The blobs under `folder`, which is created where it is missing; throws DISK_FULL or DATA_FOLDER_UNUSABLE. */
export function openBlobs(folder: string): Blobs {
  makeFolder(folder);
  const pathOf = (sha256: Bytes32): string => join(folder, sha256.slice(2));
  return {
    put(bytes) {
      const sha256 = digestOf(bytes);
      const path = pathOf(sha256);
      if (existsSync(path)) return sha256;
      const draft = `${path}.${randomBytes(4).toString("hex")}.part`;
      try {
        const file = openSync(draft, "wx", 0o600);
        try {
          writeSync(file, bytes);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(draft, path);
        syncFolder(folder);
      } catch (error) {
        rmSync(draft, { force: true });
        throw asDiskError(error, folder);
      }
      return sha256;
    },
    get(sha256) {
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(readFileSync(pathOf(sha256)));
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
        throw new ZpuError("INTERNAL", { detail: `blob ${sha256} is gone (${code})` }, error);
      }
      if (digestOf(bytes) !== sha256) throw new ZpuError("INTERNAL", { detail: `blob ${sha256} is damaged` });
      return bytes;
    },
    remove: (sha256) => rmSync(pathOf(sha256), { force: true }),
  };
}

function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
