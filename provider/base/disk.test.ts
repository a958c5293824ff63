/** Every way in which SQLite and the file system say that there is no room is one code, and nothing else is. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZpuError } from "@zpu/protocol/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobs } from "./blobs.ts";
import { asDiskError, isDiskFull } from "./disk.ts";
import { openJournal } from "./journal.ts";
import { discover } from "../discovery.ts";

const sqlite = (errcode: number): Error => Object.assign(new Error("sqlite"), { code: "ERR_SQLITE_ERROR", errcode });
const system = (code: string): Error => Object.assign(new Error(code), { code });

describe("no room", () => {
  it.each([
    ["SQLITE_FULL", sqlite(13)],
    ["SQLITE_IOERR_SHMSIZE", sqlite(4874)],
    ["SQLITE_IOERR_WRITE", sqlite(778)],
    ["SQLITE_IOERR_FSYNC", sqlite(1034)],
    ["SQLITE_IOERR_DIR_FSYNC", sqlite(1290)],
    ["SQLITE_IOERR_TRUNCATE", sqlite(1546)],
    ["ENOSPC", system("ENOSPC")],
    ["EDQUOT", system("EDQUOT")],
  ])("is what %s says", (_, error) => {
    expect(isDiskFull(error)).toBe(true);
    expect(asDiskError(error, "/data")).toMatchObject({ code: "DISK_FULL", facts: { path: "/data" }, cause: error });
  });

  it.each([
    ["a busy database", sqlite(5)],
    ["a read that failed", sqlite(266)],
    ["a constraint", sqlite(19)],
    ["a missing file", system("ENOENT")],
    ["another code of ours", new ZpuError("INTERNAL")],
    ["a text", "ENOSPC"],
  ])("is not what %s says", (_, error) => {
    expect(isDiskFull(error)).toBe(false);
    expect(asDiskError(error, "/data")).toBe(error);
  });

  it("keeps the path that was named first", () => {
    const known = new ZpuError("DISK_FULL", { path: "/first" });
    expect(asDiskError(known, "/second")).toBe(known);
  });
});

/** Whether a small file system of its own can be mounted here. */
const mayMount = ((): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), "zpu-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir]).status === 0;
  if (mounted) spawnSync("umount", [dir]);
  rmSync(dir, { recursive: true });
  return mounted;
})();

describe.skipIf(!mayMount)("a disk without room", () => {
  let folder: string;
  let dir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "zpu-disk-"));
    dir = join(folder, "data");
    mkdirSync(dir);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k,nr_inodes=16", "tmpfs", dir]).status !== 0) throw new Error("mount");
  });
  afterEach(() => {
    spawnSync("umount", [dir]);
    rmSync(folder, { recursive: true, force: true });
  });
  const fill = (leaveBytes: number): void => {
    writeFileSync(join(dir, "ballast"), new Uint8Array(256 * 1024 - leaveBytes));
  };

  it("is DISK_FULL wherever it shows: opening the journal, keeping an input; the network's document is used all the same", async () => {
    const path = join(dir, "core.sqlite");
    for (const leaveBytes of [0, 4096, 8192, 16_384, 32_768, 65_536, 98_304]) {
      fill(leaveBytes);
      let refused: unknown;
      try {
        openJournal(path).close();
      } catch (error) {
        refused = error;
      }
      if (leaveBytes < 32_768) expect(refused, `${leaveBytes} bytes left`).toMatchObject({ code: "DISK_FULL" });
      if (refused !== undefined) expect(refused, `${leaveBytes} bytes left`).toMatchObject({ code: "DISK_FULL", facts: { path } });
      for (const name of readdirSync(dir)) rmSync(join(dir, name));
    }
    const blobs = openBlobs(join(dir, "blobs"));
    fill(0);
    expect(() => blobs.put(new Uint8Array(784))).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
    const account = (digit: string): string => `0x${digit.repeat(40)}`;
    const contracts = { token: account("1"), registry: account("2"), jobs: account("3"), verifier: account("4"), treasury: account("5") };
    const document = { chainId: 5_918_805, rpcUrl: "http://127.0.0.1:1", contracts, multiaddrs: [], devnet: true };
    const { createServer } = await import("node:http");
    const web = createServer((_request, response) => response.end(JSON.stringify(document)));
    await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
    const { port } = web.address() as { port: number };
    try {
      expect(await discover(`http://127.0.0.1:${port}`, dir)).toMatchObject({ fresh: true, kept: false, document: { chainId: 5_918_805 } });
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });
});
