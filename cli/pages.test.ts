/** Building the pages: once for each state of their sources, and never beyond the end of the node. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openPages } from "./pages.ts";

let root = "";
const silent = (): void => undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "zpu-pages-"));
  for (const room of ["renderer", "ipc", "protocol", "proofs"]) {
    mkdirSync(join(root, room));
    writeFileSync(join(root, room, "a.ts"), room);
  }
  writeFileSync(join(root, "package-lock.json"), "{}");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const BUILD = `const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
  appendFileSync("builds", "x"); mkdirSync("renderer/dist", { recursive: true }); writeFileSync("renderer/dist/index.html", "page");`;
const builds = (): number => (existsSync(join(root, "builds")) ? readFileSync(join(root, "builds"), "utf8").length : 0);

it("builds once for all visitors, and again only after a source has changed", async () => {
  const first = openPages(silent, root, ["-e", BUILD]);
  expect(await Promise.all([first.folder(), first.folder()])).toEqual([join(root, "renderer", "dist"), join(root, "renderer", "dist")]);
  await openPages(silent, root, ["-e", BUILD]).folder();
  expect(builds()).toBe(1);
  writeFileSync(join(root, "ipc", "a.test.ts"), "a test is no part of the pages");
  await openPages(silent, root, ["-e", BUILD]).folder();
  expect(builds()).toBe(1);
  writeFileSync(join(root, "ipc", "a.ts"), "changed");
  await openPages(silent, root, ["-e", BUILD]).folder();
  expect(builds()).toBe(2);
});

it("ends the builder together with the node", async () => {
  const pages = openPages(silent, root, ["-e", `require("node:fs").writeFileSync("pid", String(process.pid)); setInterval(() => {}, 1000);`]);
  const failed = expect(pages.folder()).rejects.toThrow("the node is stopping");
  while (!existsSync(join(root, "pid")) || readFileSync(join(root, "pid"), "utf8") === "") await sleep(20);
  const pid = Number(readFileSync(join(root, "pid"), "utf8"));
  pages.close();
  await failed;
  expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: "ESRCH" }) as Error);
  await expect(pages.folder()).rejects.toThrow("the node is stopping");
});

it("says the builder's last words and tries again at the next visit", async () => {
  const pages = openPages(silent, root, [
    "-e",
    `if (!require("node:fs").existsSync("mended")) { console.error("no such import"); process.exit(1); } ${BUILD}`,
  ]);
  await expect(pages.folder()).rejects.toThrow("no such import");
  writeFileSync(join(root, "mended"), "");
  expect(await pages.folder()).toBe(join(root, "renderer", "dist"));
});
