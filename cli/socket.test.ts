/** The terminal's door: for this user alone, one node per folder, and a client that misbehaves loses only its own connection. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "@zpu/ipc/rpc/connect";
import { call, slice } from "@zpu/ipc/rpc/contract";
import { serve } from "@zpu/ipc/rpc/serve";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { lockDataDir } from "./lock.ts";
import { dialLocal, listenLocal, socketPath } from "./socket.ts";

const contract = { echo: call(z.object({ n: z.bigint() }), z.object({ n: z.bigint() })), count: slice(z.number()) };
let folder: string;
const closers: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-socket-"));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});
const listen = async (dataDir: string): Promise<void> => {
  const server = await listenLocal(socketPath(dataDir), (pipe) => {
    serve(contract, { echo: ({ n }) => ({ n }), count: (listener) => (listener(1), listener(2), () => undefined) }, pipe);
  });
  closers.push(() => server.close());
};

describe("local socket", () => {
  it("answers calls and slices, and is readable by this user alone", async () => {
    await listen(folder);
    if (process.platform !== "win32") expect(statSync(socketPath(folder)).mode & 0o777).toBe(0o600);
    const pipe = await dialLocal(folder);
    const client = connect(contract, pipe);
    expect(await client.echo({ n: 2n ** 128n })).toEqual({ n: 2n ** 128n });
    const seen: number[] = [];
    client.count((value) => seen.push(value));
    await client.echo({ n: 1n });
    expect(seen).toEqual([1, 2]);
    pipe.close();
  });

  it("works for a folder whose name is longer than the system allows for a socket", async () => {
    const deep = join(folder, "d".repeat(120));
    expect(socketPath(deep).length).toBeLessThan(104);
    await listen(deep);
    const pipe = await dialLocal(deep);
    expect(await connect(contract, pipe).echo({ n: 3n })).toEqual({ n: 3n });
    pipe.close();
  });

  it("says NOT_RUNNING where nobody listens, and replaces a socket left behind", async () => {
    await expect(dialLocal(folder)).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await listen(folder);
    await closers.pop()?.();
    await expect(dialLocal(folder)).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await listen(folder);
    (await dialLocal(folder)).close();
  });

  it("drops a client that sends rubbish and goes on with the others", async () => {
    await listen(folder);
    const good = connect(contract, await dialLocal(folder));
    const bad = dial(socketPath(folder));
    const dropped = new Promise<void>((done) => bad.once("close", () => done()));
    bad.on("error", () => undefined);
    bad.write("rubbish\n");
    await dropped;
    expect(await good.echo({ n: 5n })).toEqual({ n: 5n });
  });
});

describe("lock", () => {
  it("admits one holder per folder and is free again when the holder lets go", () => {
    const lock = lockDataDir(folder);
    expect(() => lockDataDir(folder)).toThrow(String(process.pid));
    lock.release();
    lockDataDir(folder).release();
  });

  it("is free again after kill -9 of the holder", async () => {
    const script = `import { lockDataDir } from ${JSON.stringify(fileURLToPath(new URL("./lock.ts", import.meta.url)))};
      lockDataDir(${JSON.stringify(folder)}); console.log("held"); setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((done) => holder.stdout.once("data", done));
    expect(() => lockDataDir(folder)).toThrow(String(holder.pid));
    const gone = new Promise((done) => holder.once("exit", done));
    holder.kill("SIGKILL");
    await gone;
    lockDataDir(folder).release();
  });
});
