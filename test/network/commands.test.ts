/** The command line with real processes: a reader that leaves, a stop that is one, ports that are taken, settings that make no sense. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "@zpu/devnet/child";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { openSocketPipe } from "@zpu/devnet/socket-pipe";
import { operator } from "@zpu/ipc/operator/contract";
import { connect } from "@zpu/ipc/rpc/connect";
import { z } from "zod";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { alive, openRig, providerDir, whenJob, type Rig } from "./rig.ts";

const PIXELS = new Uint8Array(784).map((_, index) => (index % 28 > 12 && index % 28 < 16 ? 255 : 0));
const ready = z.object({ event: z.literal("ready"), socket: z.string(), pid: z.number(), webUrl: z.string() });
const failure = z.object({ error: z.object({ code: z.string(), facts: z.record(z.string(), z.unknown()) }) });

let rig: Rig;
let other: string;
const started: ChildProcess[] = [];
const servers: Server[] = [];
beforeAll(async () => {
  rig = await openRig();
  other = mkdtempSync(join(tmpdir(), "zpu-commands-"));
}, 90_000);
afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
});
afterAll(async () => {
  await rig.close();
  rmSync(other, { recursive: true, force: true });
});

function node(...args: string[]): {
  child: ChildProcess;
  firstLine: Promise<string>;
  ended: Promise<{ code: number | null; output: string; errors: string }>;
} {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "cli", "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  let errors = "";
  const line = Promise.withResolvers<string>();
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes("\n")) line.resolve(output.slice(0, output.indexOf("\n")));
  });
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((done) => {
    child.once("exit", (code) => done({ code, output, errors }));
  });
  void ended.then(() => line.reject(new Error(`it ended: ${errors}`)));
  line.promise.catch(() => undefined);
  return { child, firstLine: line.promise, ended };
}
const start = (dir: string, ...more: string[]) => node("start", "--devnet", rig.devnet.url, "--data", dir, "--json", "--no-browser", ...more);
const takenPort = async (): Promise<number> => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};
const errorOf = (output: string) => failure.parse(JSON.parse(output.trim().split("\n").at(-1) ?? "")).error;

it("stop ends when the node has ended: start may follow at once, and a reader that leaves ends nothing", { timeout: 120_000 }, async () => {
  const dir = providerDir(rig);
  rig.provider.disconnect();
  expect((await node("stop", "--data", dir, "--json").ended).code).toBe(0);
  let running = start(dir, "--port", "0");
  for (let round = 0; round < 2; round += 1) {
    const { pid } = ready.parse(JSON.parse(await running.firstLine));
    expect(await node("--json", "--data", dir, "stop").ended).toMatchObject({ code: 0, output: '{"stopped":true}\n' });
    running = start(dir, "--port", "0");
    expect(alive(pid)).toBe(false);
  }
  const { socket, pid } = ready.parse(JSON.parse(await running.firstLine));
  // `zpu-node start --json | head -1`: nobody reads the lines about the job that follow.
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  const pipe = await openSocketPipe(socket);
  const client = connect(operator, pipe);
  await whenSlice(client.node.status, (status) => status.accepting && status.peers > 0, 30_000);
  rig.provider = { ...rig.provider, operator: client };
  let jobId = "";
  for (let tries = 0; jobId === "" && tries < 40; tries += 1) {
    jobId = await client.jobs.ask({ pixels: PIXELS }).then(
      (asked) => asked.jobId,
      () => new Promise<string>((done) => setTimeout(() => done(""), 250)),
    );
  }
  const job = await whenJob(rig, jobId, ({ state }) => state === "paid");
  expect(job.events.length).toBeGreaterThan(5);
  expect(alive(pid)).toBe(true);
  pipe.close();
  expect((await node("stop", "--data", dir).ended).code).toBe(0);
});

it("a --port that is taken is said by code; nothing is left running", { timeout: 60_000 }, async () => {
  const port = await takenPort();
  const { code, output } = await start(other, "--port", String(port)).ended;
  expect(code).toBe(1);
  expect(errorOf(output)).toMatchObject({ code: "PORT_TAKEN", facts: { port, option: "--port" } });
});

it("a --listen that makes no sense is refused before anything starts", { timeout: 60_000 }, async () => {
  const { code, output } = await start(other, "--listen", "127.0.0.1:4001").ended;
  expect(code).toBe(1);
  expect(errorOf(output)).toMatchObject({ code: "CONFIG_INVALID", facts: { name: "listen.0" } });
});

it("a --listen whose port is taken is said in the log, and taken up once it is free", { timeout: 60_000 }, async () => {
  const port = await takenPort();
  const running = start(other, "--port", "0", "--listen", `/ip4/127.0.0.1/tcp/${port}`);
  const said = Promise.withResolvers<string>();
  running.child.stderr?.on("data", (chunk: Buffer) => {
    if (chunk.toString().includes("network process is not ready")) said.resolve(chunk.toString());
  });
  const { socket } = ready.parse(JSON.parse(await running.firstLine));
  expect(await said.promise).toContain(`The port ${port} is taken by another program`);
  const pipe = await openSocketPipe(socket);
  const client = connect(operator, pipe);
  await new Promise((done) => servers.splice(0)[0]?.close(done));
  const status = await whenSlice(client.node.status, (value) => value.multiaddrs.length > 0, 30_000);
  expect(status.multiaddrs.join(" ")).toContain(`/tcp/${port}`);
  pipe.close();
});

it("a wrong option gets one sentence and a hint; a picture that is not there is named", { timeout: 60_000 }, async () => {
  const { code, errors } = await node("start", "--fast").ended;
  expect(code).toBe(2);
  expect(errors).toBe("Unknown option '--fast'\nWhat there is: zpu-node help\n");
  const asked = await node("ask", "--image", join(other, "missing.png"), "--data", other).ended;
  expect(asked.code).toBe(1);
  expect(asked.errors).toContain(`The file ${join(other, "missing.png")} cannot be read: there is no such file.`);
});
