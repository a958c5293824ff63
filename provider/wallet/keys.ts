/** From one BIP-39 mnemonic to every key of a node, and the two files that keep them. */
import { createPrivateKey, createPublicKey, hkdfSync, randomUUID, sign } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, fromHex, toHex, type Address, type Bytes32 } from "@zpu/protocol/ids";
import type { NodeIdentity } from "@zpu/ipc/workers/signer";
import { HDNodeWallet, Mnemonic } from "ethers";
import { z } from "zod";
import { asDiskError, orDiskFull } from "../base/disk.ts";
import { makeFolder } from "../base/folders.ts";
import { networkKeyPath, nodeKeyPath, readNetworkKeys, readPrivate } from "./key-file.ts";

/** BIP-44 path of an account of the node: 0 owner, 1 operator, 2 payout. */
const PATHS = { owner: "m/44'/60'/0'/0/0", operator: "m/44'/60'/0'/0/1", payout: "m/44'/60'/0'/0/2" } as const;
const PEER_INFO = "zpu/peer/1";
const ENCRYPTION_INFO = "zpu/encryption/1";
/** DER prefix of a PKCS #8 private key (RFC 8410) before the 32 raw bytes. */
const PKCS8 = { ed25519: "302e020100300506032b657004220420", x25519: "302e020100300506032b656e04220420" } as const;

/** Every key of a node. Private: never crosses a pipe. */
export interface NodeKeys {
  readonly owner: HDNodeWallet;
  readonly operator: HDNodeWallet;
  readonly payout: Address;
  /** 32-byte Ed25519 seed of the libp2p peer. */
  readonly peerSeed: Uint8Array;
  /** 32-byte X25519 private key that inputs are sealed to. */
  readonly encryptionSeed: Uint8Array;
}

const nodeFile = z.strictObject({ version: z.literal(1), mnemonic: z.string().min(1).max(400) });

const accountOf = (wallet: HDNodeWallet): Address => address.parse(wallet.address.toLowerCase());

/** The keys that `mnemonic` (English BIP-39, no passphrase) stands for; throws RangeError where it is not one. */
export function deriveKeys(mnemonic: string): NodeKeys {
  const phrase = mnemonic.trim().replaceAll(/\s+/g, " ");
  if (!Mnemonic.isValidMnemonic(phrase)) throw new RangeError("not a BIP-39 mnemonic");
  const parsed = Mnemonic.fromPhrase(phrase);
  const seed = fromHex(parsed.computeSeed());
  const expand = (info: string): Uint8Array => new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(0), info, 32));
  const at = (path: string): HDNodeWallet => HDNodeWallet.fromMnemonic(parsed, path);
  return {
    owner: at(PATHS.owner),
    operator: at(PATHS.operator),
    payout: accountOf(at(PATHS.payout)),
    peerSeed: expand(PEER_INFO),
    encryptionSeed: expand(ENCRYPTION_INFO),
  };
}

const privateKey = (kind: keyof typeof PKCS8, seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(PKCS8[kind], "hex"), seed]), format: "der", type: "pkcs8" });

function rawPublicKey(kind: keyof typeof PKCS8, seed: Uint8Array): Bytes32 {
  const spki = createPublicKey(privateKey(kind, seed)).export({ format: "der", type: "spki" });
  return bytes32.parse(toHex(spki.subarray(-32)));
}

/** The public side of `keys`. */
export function identityOf(keys: NodeKeys): NodeIdentity {
  return {
    owner: accountOf(keys.owner),
    operator: accountOf(keys.operator),
    payout: keys.payout,
    peerKey: rawPublicKey("ed25519", keys.peerSeed),
    encryptionKey: rawPublicKey("x25519", keys.encryptionSeed),
  };
}

/** 64-byte Ed25519 signature of the peer key over `message`, as 0x-hex. */
export const signAsPeer = (peerSeed: Uint8Array, message: Uint8Array): string => toHex(sign(null, message, privateKey("ed25519", peerSeed)));

/** The keys in the file at `path`; KEY_FILE_EXPOSED where others may read it, KEY_FILE_INVALID where it is missing or damaged. */
export function readKeyFile(path: string): NodeKeys {
  const { mnemonic } = readPrivate(path, nodeFile);
  try {
    return deriveKeys(mnemonic);
  } catch (error) {
    throw new ZpuError("KEY_FILE_INVALID", { path, detail: "its mnemonic is not valid" }, error);
  }
}

/**
 * Writes fresh keys under the data directory `dir`: `keys/node.json` and `keys/network.json`, mode 0600, on the disk when it returns.
 * KEY_FILE_INVALID where `keys/node.json` is there already: keys are never overwritten. `mnemonic` imports instead of drawing a new one.
 */
export function createKeyFiles(dir: string, mnemonic?: string): NodeIdentity {
  const phrase = mnemonic ?? HDNodeWallet.createRandom().mnemonic?.phrase;
  if (phrase === undefined) throw new ZpuError("INTERNAL", { detail: "no mnemonic was drawn" });
  const keys = deriveKeys(phrase);
  makeFolder(join(dir, "keys"));
  writeNew(nodeKeyPath(dir), { version: 1, mnemonic: phrase });
  writeNetworkKeys(dir, keys);
  return identityOf(keys);
}

/** The identity of the keys under `dir`, which are made first where there are none; completes what a crash cut short. */
export function ensureKeyFiles(dir: string): NodeIdentity {
  if (!exists(nodeKeyPath(dir))) return createKeyFiles(dir);
  const keys = readKeyFile(nodeKeyPath(dir));
  if (!exists(networkKeyPath(dir))) writeNetworkKeys(dir, keys);
  const stored = readNetworkKeys(networkKeyPath(dir));
  if (toHex(stored.peerSeed) !== toHex(keys.peerSeed) || toHex(stored.encryptionSeed) !== toHex(keys.encryptionSeed)) {
    throw new ZpuError("KEY_FILE_INVALID", { path: networkKeyPath(dir), detail: "it belongs to another mnemonic than keys/node.json" });
  }
  return identityOf(keys);
}

const writeNetworkKeys = (dir: string, keys: NodeKeys): void =>
  writeNew(networkKeyPath(dir), { version: 1, peerSeed: toHex(keys.peerSeed), encryptionSeed: toHex(keys.encryptionSeed) });

function exists(path: string): boolean {
  try {
    closeSync(openSync(path, "r"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new ZpuError("KEY_FILE_INVALID", { path, detail: (error as Error).message }, error);
  }
}

/** Writes `content` beside `path`, fsyncs, then links it into place: appears whole or not at all, and never replaces a file. */
function writeNew(path: string, content: object): void {
  const draft = `${path}.${randomUUID()}.new`;
  const file = orDiskFull(path, () => openSync(draft, "wx", 0o600));
  try {
    try {
      writeSync(file, `${JSON.stringify(content)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new ZpuError("KEY_FILE_INVALID", { path, detail: "it is there already and is never overwritten" }, error);
    throw asDiskError(error, path);
  } finally {
    unlinkSync(draft);
  }
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  if (process.platform === "win32") return; // a directory cannot be opened for fsync there
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
