/** Core holds no key: a mnemonic that the signer knows occurs nowhere in the memory of the other processes of a running node. */
import { mkdirSync, mkdtempSync, openSync, readFileSync, readSync, closeSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { folders, registerProvider, startDevnet, startProvider, type Watcher } from "@zpu/devnet/session";
import { killGroup, type Child } from "@zpu/devnet/child";
import { deriveKeys } from "@zpu/provider/wallet/keys";
import { HDNodeWallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CHUNK_BYTES = 16 * 1024 * 1024;

/** How often each needle occurs in what process `pid` may read and write (/proc/PID/mem, Linux). */
function occurrences(pid: number, needles: Readonly<Record<string, Buffer>>): Record<string, number> {
  const found = Object.fromEntries(Object.keys(needles).map((name) => [name, 0]));
  const longest = Math.max(...Object.values(needles).map((needle) => needle.length));
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const region = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (region === null || /\[v(var|dso|syscall)/.test(line)) continue;
      const end = BigInt(`0x${region[2] ?? ""}`);
      for (let at = BigInt(`0x${region[1] ?? ""}`); at < end; at += BigInt(CHUNK_BYTES - longest)) {
        let bytes: number;
        try {
          bytes = readSync(memory, chunk, 0, Number(end - at < BigInt(CHUNK_BYTES) ? end - at : BigInt(CHUNK_BYTES)), at);
        } catch {
          break; // reserved but never touched, or gone since
        }
        const read = chunk.subarray(0, bytes);
        for (const [name, needle] of Object.entries(needles))
          for (let hit = read.indexOf(needle); hit >= 0; hit = read.indexOf(needle, hit + 1)) found[name] = (found[name] ?? 0) + 1;
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

describe.runIf(process.platform === "linux")("the memory of a running node", () => {
  let dir: string;
  const children: Child[] = [];
  const watcher: Watcher = { track: (child) => void children.push(child), log: () => undefined };
  beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "zpu-memory-"))));
  afterAll(async () => {
    for (const { pid } of [...children].reverse()) killGroup(pid);
    await Promise.all(children.map(({ exited }) => exited));
    rmSync(dir, { recursive: true, force: true });
  });

  it("holds mnemonic and private keys in the signer alone", { timeout: 120_000 }, async () => {
    const phrase = HDNodeWallet.createRandom().mnemonic?.phrase ?? "";
    const { owner, operator, peerSeed } = deriveKeys(phrase);
    mkdirSync(join(folders(dir).provider, "keys"), { recursive: true, mode: 0o700 });
    writeFileSync(join(folders(dir).provider, "keys", "node.json"), JSON.stringify({ version: 1, mnemonic: phrase }), { mode: 0o600 });

    const devnet = await startDevnet(dir, watcher, { port: 0 });
    await registerProvider(dir, devnet, watcher);
    const provider = await startProvider(dir, devnet.url, watcher, { port: 0 });
    expect(provider.provider).toBe(owner.address.toLowerCase());
    const { processes } = await whenSlice(provider.operator.node.status, (status) => status.accepting, 30_000);

    const ownerKey = owner.privateKey.slice(2);
    const operatorKey = operator.privateKey.slice(2);
    const needles = {
      mnemonicUtf8: Buffer.from(phrase, "utf8"),
      mnemonicUtf16: Buffer.from(phrase, "utf16le"),
      ownerHex: Buffer.from(ownerKey, "utf8"),
      ownerBytes: Buffer.from(ownerKey, "hex"),
      operatorHex: Buffer.from(operatorKey, "utf8"),
      operatorBytes: Buffer.from(operatorKey, "hex"),
    };
    const pidOf = (name: string): number => processes.find((process) => process.name === name)?.pid ?? 0;

    // The search finds what is there: the signer, and a process that holds the words in both encodings.
    const signer = occurrences(pidOf("signer"), needles);
    expect(signer.mnemonicUtf8).toBeGreaterThan(0);
    expect(signer.operatorHex).toBeGreaterThan(0);
    expect(occurrences(process.pid, needles).mnemonicUtf16).toBeGreaterThan(0);
    expect(occurrences(pidOf("network"), { seed: Buffer.from(peerSeed) }).seed).toBeGreaterThan(0);

    const nothing = Object.fromEntries(Object.keys(needles).map((name) => [name, 0]));
    for (const name of ["core", "network"]) expect(occurrences(pidOf(name), needles), name).toEqual(nothing);
    expect(occurrences(pidOf("core"), { seed: Buffer.from(peerSeed) }), "core").toEqual({ seed: 0 });
    expect(pidOf("core")).not.toBe(pidOf("signer"));
  });
});
