/** The pages' door: an address good once, one host, one origin, no way out of the folder, and calls a browser may not make. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@zpu/ipc/rpc/connect";
import { call } from "@zpu/ipc/rpc/contract";
import { pipePair, type Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { openSessions } from "./web-sessions.ts";
import { serveWeb, type Web } from "./web.ts";

const contract = { double: call(z.object({ n: z.bigint() }), z.object({ n: z.bigint(), bytes: z.instanceof(Uint8Array) })) };
let folder: string;
let web: Web;
let nowMs: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zpu-web-"));
  mkdirSync(join(folder, "dist", "assets"), { recursive: true });
  writeFileSync(join(folder, "dist", "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(folder, "dist", "assets", "a.js"), "export {};");
  writeFileSync(join(folder, "secret.txt"), "secret");
  nowMs = Date.now();
  web = await start();
});
afterEach(async () => {
  await web.close();
  rmSync(folder, { recursive: true, force: true });
});
const start = (): Promise<Web> =>
  serveWeb({
    ports: [0],
    pages: () => Promise.resolve(join(folder, "dist")),
    sessions: openSessions(join(folder, "sessions.json"), () => nowMs),
    serveOn: (pipe) => void serve(contract, { double: ({ n }) => ({ n: n * 2n, bytes: Uint8Array.of(7) }) }, pipe),
  });

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}
/** A request with the path exactly as given. */
const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  new Promise((done, fail) => {
    const asking = request({ host: "127.0.0.1", port: web.port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asking.on("error", fail);
    asking.end();
  });
const signIn = async (): Promise<string> => {
  const url = new URL(web.freshUrl());
  const { headers } = await ask(`${url.pathname}${url.search}`);
  return String(headers["set-cookie"]).split(";")[0] ?? "";
};
/** The first line of the answer to an upgrade whose target is sent exactly as given, as no URL parser would let it pass. */
const rawUpgrade = (target: string, headers: Record<string, string> = {}): Promise<string> =>
  new Promise((done, fail) => {
    const lines = Object.entries({ host: `127.0.0.1:${web.port}`, connection: "Upgrade", upgrade: "websocket", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`); // prettier-ignore
    const socket = dial(web.port, "127.0.0.1", () => socket.write(`GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`));
    socket.once("data", (chunk: Buffer) => {
      done(chunk.toString().split("\r\n")[0] ?? "");
      socket.destroy();
    });
    socket.on("error", fail);
  });
const socketTo = (headers: Record<string, string>, path = "/pipe"): Promise<WebSocket | number> =>
  new Promise((done) => {
    const socket = new WebSocket(`ws://127.0.0.1:${web.port}${path}`, { headers });
    socket.once("open", () => done(socket));
    socket.once("unexpected-response", (_request, response) => {
      response.resume();
      done(response.statusCode ?? 0);
    });
    socket.on("error", () => undefined);
  });

describe("web", () => {
  it("spends a token once for a strict cookie, and the cookie opens every page", async () => {
    const url = new URL(web.freshUrl());
    const first = await ask(`${url.pathname}${url.search}`);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe("/");
    expect(String(first.headers["set-cookie"])).toMatch(/^zpu_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/);
    expect((await ask(`${url.pathname}${url.search}`)).status).toBe(401);
    const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
    expect(await ask("/", { cookie })).toMatchObject({ status: 200, body: expect.stringContaining("page") as string });
    expect((await ask("/earnings", { cookie })).body).toContain("page");
    expect((await ask("/assets/a.js", { cookie })).headers["content-type"]).toContain("text/javascript");
    expect((await ask("/assets/b.js", { cookie })).status).toBe(404);
  });

  it("lets nobody in without it, and forgets it after its time", async () => {
    expect((await ask("/")).status).toBe(401);
    expect((await ask("/", { cookie: `zpu_${web.port}=guess` })).status).toBe(401);
    expect((await ask("/?token=guess")).status).toBe(401);
    const cookie = await signIn();
    nowMs += 31 * 24 * 3600 * 1000;
    expect((await ask("/", { cookie })).status).toBe(401);
  });

  it("tells a browser on a page what to do, and a text client in a sentence", async () => {
    const page = await ask("/", { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" });
    expect(page).toMatchObject({ status: 401, headers: { "content-type": "text/html; charset=utf-8", vary: "accept" } });
    const nonce = /style-src 'self' 'nonce-([\w+/=]{24})'/.exec(String(page.headers["content-security-policy"]))?.[1] ?? "none";
    expect(page.body).toContain(`<style nonce="${nonce}">`);
    expect(page.body).toContain("<code>npx zpu-node open</code>");
    expect(page.body).not.toMatch(/<script|\bstyle=|\bon\w+=|https?:/);
    for (const accept of ["*/*", "application/json"]) {
      const text = await ask("/", { accept });
      expect(text).toMatchObject({ status: 401, headers: { "content-type": "text/plain; charset=utf-8" } });
      expect(text.body).toMatch(/^This page is not allowed to talk to the node\. .* npx zpu-node open\n$/);
    }
  });

  it("keeps a browser signed in over a restart of the node, without keeping its secret", async () => {
    const cookie = await signIn();
    await web.close();
    const before = web.port;
    web = await start();
    const { port } = web;
    expect((await ask("/", { cookie: cookie.replace(String(before), String(port)) })).status).toBe(200);
  });

  it("lets a browser in where its session cannot be kept, on a full disk say", () => {
    const told: string[] = [];
    const sessions = openSessions(join(folder, "gone", "sessions.json"), () => nowMs, (_level, message) => told.push(message)); // prettier-ignore
    const opened = sessions.spend(sessions.token());
    expect(sessions.knows(opened)).toBe(true);
    expect(told).toEqual(["this browser has to sign in anew after a restart"]);
    expect(openSessions(join(folder, "gone", "sessions.json"), () => nowMs).knows(opened)).toBe(false);
  });

  it("sends the policy with every answer, with a nonce of its own", async () => {
    const cookie = await signIn();
    const policies = await Promise.all(
      ["/", "/", "/nothing.js"].map(async (path) => String((await ask(path, { cookie })).headers["content-security-policy"])),
    );
    const [policy = ""] = policies;
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy.split("; ")).toContain(rule);
    }
    expect(policy).toContain(`connect-src ws://127.0.0.1:${web.port}`);
    expect(policy).toMatch(/style-src 'self' 'nonce-[\w+/=]{24}'/);
    expect(new Set(policies).size).toBe(3);
  });

  it("refuses other names for this address, other origins, and other methods", async () => {
    const cookie = await signIn();
    expect((await ask("/", { cookie, host: `localhost.evil.example:${web.port}` })).status).toBe(403);
    expect((await ask("/", { cookie, origin: "http://evil.example" })).status).toBe(403);
    expect((await ask("/", { cookie }, "POST")).status).toBe(405);
  });

  it.each(["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/..%5csecret.txt", "/%00.js", "/%zz.js"])(
    "serves nothing outside its folder: %s",
    async (path) => {
      const answer = await ask(path, { cookie: await signIn() });
      expect(answer.body).not.toContain("secret");
      expect(answer.status).toBeGreaterThanOrEqual(400);
    },
  );

  it("carries the typed pipe for the signed-in page of this address only", async () => {
    const cookie = await signIn();
    const origin = `http://127.0.0.1:${web.port}`;
    expect(await socketTo({ origin })).toBe(401);
    expect(await socketTo({ cookie })).toBe(403);
    expect(await socketTo({ cookie, origin: "http://evil.example" })).toBe(403);
    expect(await socketTo({ cookie, origin }, "/other")).toBe(404);
    const socket = await socketTo({ cookie, origin });
    if (typeof socket === "number") throw new Error(`refused with ${socket}`);
    const [near, far]: [Pipe, Pipe] = pipePair();
    far.onMessage((message) => socket.send(encodeText(message)));
    socket.on("message", (data: Buffer) => far.post(decodeText(data.toString())));
    expect(await connect(contract, near).double({ n: 21n })).toEqual({ n: 42n, bytes: Uint8Array.of(7) });
    const closed = new Promise<number>((done) => socket.once("close", (code: number) => done(code)));
    socket.send("{ not json");
    expect(await closed).toBe(1007);
  });

  it.each(["//", "///", "/\\", "//pipe", "//[", "http://[/", "http://a b", "*", "/pipe/..//", "/%zz", "http://evil.example/pipe"])(
    "answers the target %s, asked as a page or for a pipe, and goes on",
    async (target) => {
      const origin = `http://127.0.0.1:${web.port}`;
      const cookie = await signIn();
      if (!target.includes(" ")) {
        expect(await rawUpgrade(target, { origin: "http://evil.example" })).toContain(" 403 ");
        expect(await rawUpgrade(target, { origin, cookie })).toContain(" 404 ");
        expect((await ask(target, { cookie })).status).toBeLessThan(500);
      } else expect(await rawUpgrade(target, { origin, cookie })).toContain(" 400 ");
      expect((await ask("/", { cookie })).status).toBe(200);
    },
  );

  it("leads nobody to another site after the token", async () => {
    const token = new URL(web.freshUrl()).search;
    expect((await ask(`//evil.example/${token}`)).headers.location).toBe("/evil.example/");
  });

  it("says by code that the port that was asked for is taken", async () => {
    const again = serveWeb({
      ports: [web.port],
      pages: () => Promise.resolve(folder),
      sessions: openSessions(join(folder, "other.json"), () => nowMs),
      serveOn: () => undefined,
    });
    await expect(again).rejects.toMatchObject({ code: "PORT_TAKEN", facts: { port: web.port } });
  });

  it("takes no message larger than 64 KiB", async () => {
    const socket = await socketTo({ cookie: await signIn(), origin: `http://127.0.0.1:${web.port}` });
    if (typeof socket === "number") throw new Error(`refused with ${socket}`);
    const closed = new Promise<number>((done) => socket.once("close", (code: number) => done(code)));
    socket.send("x".repeat(65 * 1024));
    expect(await closed).toBe(1009);
  });
});
