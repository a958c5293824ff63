/** Reading key files: private to this user, parsed strictly. Apart from the keys themselves, so that the network process loads no wallet. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, fromHex } from "@zpu/protocol/ids";
import { z } from "zod";

/** Path of the file with the mnemonic, under the data directory `dir`. */
export const nodeKeyPath = (dir: string): string => join(dir, "keys", "node.json");
/** Path of the file with the peer and encryption seeds, under the data directory `dir`. */
export const networkKeyPath = (dir: string): string => join(dir, "keys", "network.json");

/** `keys/network.json`: the only key file that the network process reads. Seeds are 32 bytes as 0x-hex. */
export const networkKeyFile = z.strictObject({ version: z.literal(1), peerSeed: bytes32, encryptionSeed: bytes32 });

/** Peer and encryption seed (32 bytes each) in the file at `path`; errors as `readKeyFile`. */
export function readNetworkKeys(path: string): { peerSeed: Uint8Array; encryptionSeed: Uint8Array } {
  const stored = readPrivate(path, networkKeyFile);
  return { peerSeed: fromHex(stored.peerSeed), encryptionSeed: fromHex(stored.encryptionSeed) };
}

/** The content of a key file; KEY_FILE_EXPOSED where others may read it, KEY_FILE_INVALID where it is missing or damaged. */
export function readPrivate<T extends z.ZodType>(path: string, schema: T): z.infer<T> {
  let text: string;
  let mode: number;
  try {
    const file = openSync(path, "r");
    try {
      mode = fstatSync(file).mode & 0o777;
      text = readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ZpuError("KEY_FILE_INVALID", { path, detail: missing ? "it is not there" : "it cannot be read" }, error);
  }
  // Windows has no mode bits: there the directory's access list is what protects the file.
  if (process.platform !== "win32" && (mode & 0o177) !== 0) throw new ZpuError("KEY_FILE_EXPOSED", { path, mode: mode.toString(8).padStart(3, "0") });
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The cause is left out on purpose: a parser's message may quote the secret.
    throw new ZpuError("KEY_FILE_INVALID", { path, detail: "its content is damaged" });
  }
}
