/** What the window may ask of the node: the operator's contract, and nothing that needs the terminal, however it is put. */
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const ipcMain = new EventEmitter();
vi.mock("electron", () => ({ protocol: {}, ipcMain }));
const { relayPipes } = await import("./node-link.ts");

const wait = async (what: () => boolean): Promise<void> => {
  for (const endMs = Date.now() + 5000; !what() && Date.now() < endMs;) await new Promise((done) => setTimeout(done, 10));
};
let dir = "";
let server: Server;
let reached: string[];
let told: unknown[][];
const sender = Object.assign(new EventEmitter(), { isDestroyed: () => false, send: (...values: unknown[]) => void told.push(values) });
const event = { sender, senderFrame: { parent: null, url: "app://zpu/" } };

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "zpu-window-"));
  reached = [];
  told = [];
  server = createServer((socket) => {
    socket.setEncoding("utf8");
    socket.on("error", () => undefined);
    socket.on("data", (text: string) => {
      for (const line of text.split("\n").filter((part) => part !== "")) {
        reached.push(line);
        socket.write(`${encodeText({ t: "ok", id: 9, output: line.length })}\n`);
      }
    });
  });
  await new Promise<void>((done) => server.listen(join(dir, "s"), done));
  ipcMain.removeAllListeners();
  relayPipes(join(dir, "s"));
  ipcMain.emit("pipe:open", event, "one");
});
afterEach(async () => {
  ipcMain.emit("pipe:close", event, "one");
  await new Promise((done) => server.close(done));
  rmSync(dir, { recursive: true, force: true });
});
const post = (frame: string): void => void ipcMain.emit("pipe:frame", event, "one", frame);
const answers = (): unknown[] => told.filter(([channel]) => channel === "pipe:frame").map(([, , frame]) => decodeText(String(frame)));

it("relays what a page may ask", async () => {
  post(encodeText({ t: "watch", id: 1, path: "node.status" }));
  post(encodeText({ t: "call", id: 2, path: "earnings.claim", input: {} }));
  post(encodeText({ t: "unwatch", id: 1 }));
  await wait(() => reached.length === 3);
  expect(reached.map((line) => decodeText(line))).toEqual([
    { t: "watch", id: 1, path: "node.status" },
    { t: "call", id: 2, path: "earnings.claim", input: {} },
    { t: "unwatch", id: 1 },
  ]);
  await wait(() => answers().length === 3);
  expect(answers()).toHaveLength(3);
});

it.each([
  [
    "node.stop",
    { t: "call", id: 3, path: "node.stop", input: {} },
    { id: 3, error: { code: "CONFIRM_IN_TERMINAL", facts: { command: "zpu-node stop" } } },
  ],
  ["a fresh address for a browser", { t: "call", id: 4, path: "web.open", input: {} }, { id: 4, error: { code: "MALFORMED_MESSAGE" } }],
  ["a path of nothing", { t: "call", id: 5, path: "toString", input: {} }, { id: 5, error: { code: "MALFORMED_MESSAGE" } }],
  ["no request", { hello: 1 }, { id: 0, error: { code: "MALFORMED_MESSAGE" } }],
])("answers %s itself and passes nothing on", async (_, message, answer) => {
  post(encodeText(message));
  expect(answers()).toEqual([expect.objectContaining({ t: "error" })]);
  expect(answers()[0]).toMatchObject(answer);
  post(encodeText({ t: "unwatch", id: 1 }));
  await wait(() => reached.length > 0);
  expect(reached.map((line) => decodeText(line))).toEqual([{ t: "unwatch", id: 1 }]);
});

it("passes on what it has parsed: a name that is given twice cannot mean two things", async () => {
  post('{"t":"call","id":6,"path":"node.stop","path":"jobs.ask","input":{}}');
  post('{"t":"call","id":7,"path":"jobs.ask","path":"node.stop","input":{}}');
  await wait(() => reached.length > 0);
  expect(reached).toEqual(['{"t":"call","id":6,"path":"jobs.ask","input":{}}']);
  expect(answers()).toContainEqual(expect.objectContaining({ t: "error", id: 7 }));
});

it("closes the pipe of a page that sends what is no text form", async () => {
  post('{"$n":"x"}');
  await wait(() => told.some(([channel]) => channel === "pipe:closed"));
  expect(told).toContainEqual(["pipe:closed", "one"]);
});
