/** Keys against known vectors, and key files that are private, whole and never overwritten. */
import { createPublicKey, verify } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, toHex } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { networkKeyPath, nodeKeyPath, readNetworkKeys } from "./key-file.ts";
import { createKeyFiles, deriveKeys, ensureKeyFiles, identityOf, readKeyFile, signAsPeer } from "./keys.ts";

const JUNK = "test test test test test test test test test test test junk";
const PEER_SEED = "0x16acfc55bf9f96ab77d26ab2b56fa5334c7e7a34d089a4cdbabb0191aedd1462";
const ENCRYPTION_SEED = "0x4b08f3fe0a48e7a394d9dbce7551ea543365315e71306112e162e0b57ae6de25";
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "zpu-keys-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const code = (work: () => unknown): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe("keys of a mnemonic", () => {
  it("are the accounts that every wallet derives from it", () => {
    const { owner, operator, payout } = identityOf(deriveKeys(JUNK));
    expect([owner, operator, payout]).toEqual([
      "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
      "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
      "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    ]);
    expect(identityOf(deriveKeys(`  ${JUNK.replaceAll(" ", "  ")}\n`)).owner).toBe(owner);
    expect(() => deriveKeys(JUNK.replace("junk", "test"))).toThrow(RangeError);
  });

  it("are peer and encryption keys by HKDF-SHA256 of the seed (vectors computed with Python's hmac)", () => {
    const keys = deriveKeys(JUNK);
    expect(toHex(keys.peerSeed)).toBe(PEER_SEED);
    expect(toHex(keys.encryptionSeed)).toBe(ENCRYPTION_SEED);
  });

  it("sign as the peer: the signature verifies under the public key alone", () => {
    const keys = deriveKeys(JUNK);
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), fromHex(identityOf(keys).peerKey)]);
    const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
    const message = new TextEncoder().encode("binding");
    expect(verify(null, message, publicKey, fromHex(signAsPeer(keys.peerSeed, message)))).toBe(true);
    expect(verify(null, new TextEncoder().encode("other"), publicKey, fromHex(signAsPeer(keys.peerSeed, message)))).toBe(false);
  });
});

describe("key files", () => {
  it("are private, hold what they should, and leave no draft behind", () => {
    const identity = createKeyFiles(dir);
    expect(statSync(nodeKeyPath(dir)).mode & 0o777).toBe(0o600);
    expect(statSync(networkKeyPath(dir)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "keys")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dir, "keys")).toSorted()).toEqual(["network.json", "node.json"]);
    const keys = readKeyFile(nodeKeyPath(dir));
    expect(identityOf(keys)).toEqual(identity);
    expect(readNetworkKeys(networkKeyPath(dir))).toEqual({ peerSeed: keys.peerSeed, encryptionSeed: keys.encryptionSeed });
    expect(readFileSync(networkKeyPath(dir), "utf8")).not.toContain("mnemonic");
  });

  it("are never overwritten, and no two nodes draw the same", () => {
    const identity = createKeyFiles(dir);
    expect(code(() => createKeyFiles(dir))).toBe("KEY_FILE_INVALID");
    expect(ensureKeyFiles(dir)).toEqual(identity);
    expect(readdirSync(join(dir, "keys"))).toHaveLength(2);
    const other = join(dir, "other");
    mkdirSync(other);
    expect(ensureKeyFiles(other).owner).not.toBe(identity.owner);
  });

  it("are completed after a crash between the two, and refused where they do not belong together", () => {
    const identity = createKeyFiles(dir, JUNK);
    const before = readFileSync(networkKeyPath(dir), "utf8");
    rmSync(networkKeyPath(dir));
    expect(ensureKeyFiles(dir)).toEqual(identity);
    expect(readFileSync(networkKeyPath(dir), "utf8")).toBe(before);
    createKeyFiles(join(dir, "other"));
    writeFileSync(networkKeyPath(dir), readFileSync(networkKeyPath(join(dir, "other"))));
    expect(code(() => ensureKeyFiles(dir))).toBe("KEY_FILE_INVALID");
  });

  it("are refused when others may read them, when damaged, and when missing; no message shows the secret", () => {
    createKeyFiles(dir, JUNK);
    for (const mode of [0o644, 0o640, 0o606, 0o660, 0o700]) {
      chmodSync(nodeKeyPath(dir), mode);
      expect(code(() => readKeyFile(nodeKeyPath(dir)))).toBe("KEY_FILE_EXPOSED");
    }
    chmodSync(nodeKeyPath(dir), 0o600);
    for (const text of [
      "",
      "{",
      JSON.stringify({ version: 1, mnemonic: JUNK.replace("junk", "secret") }),
      JSON.stringify({ version: 2, mnemonic: JUNK }),
      `${JUNK}`,
    ]) {
      writeFileSync(nodeKeyPath(dir), text);
      expect(code(() => readKeyFile(nodeKeyPath(dir)))).toBe("KEY_FILE_INVALID");
      expect(() => readKeyFile(nodeKeyPath(dir))).not.toThrow(/secret|junk/);
    }
    rmSync(nodeKeyPath(dir));
    expect(existsSync(nodeKeyPath(dir))).toBe(false);
    expect(code(() => readKeyFile(nodeKeyPath(dir)))).toBe("KEY_FILE_INVALID");
  });
});
