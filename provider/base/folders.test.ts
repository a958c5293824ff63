/** Data folders: made where they can be, refused in words where they cannot. */
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "./folders.ts";

let dir = "";
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "zpu-folders-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const refused = (path: string, reason: unknown) => expect.objectContaining({ code: "DATA_FOLDER_UNUSABLE", facts: { path, reason } }) as Error;

it("makes every missing part for this user alone, and minds nothing that is there", () => {
  makeFolder(join(dir, "a", "b", "c"));
  makeFolder(join(dir, "a", "b", "c"));
  expect(statSync(join(dir, "a", "b", "c")).isDirectory()).toBe(true);
  if (process.platform !== "win32") for (const part of ["a", "a/b", "a/b/c"]) expect(statSync(join(dir, part)).mode & 0o777).toBe(0o700);
});

it("names the file that is in the way, at the end or above it", () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow(refused(file, `${file} is a file`));
  expect(() => makeFolder(join(file, "x", "y"))).toThrow(refused(join(file, "x", "y"), `${file} is a file`));
});

it.runIf(process.platform !== "win32")("refuses a link that leads nowhere", () => {
  symlinkSync(join(dir, "nowhere"), join(dir, "link"));
  expect(() => makeFolder(join(dir, "link", "x"))).toThrow(refused(join(dir, "link", "x"), "a file is in the way"));
  expect(existsSync(join(dir, "nowhere"))).toBe(false);
});

it.runIf(process.platform === "linux")("refuses a name under /proc at once", () => {
  expect(() => makeFolder("/proc/foo")).toThrow(refused("/proc/foo", expect.any(String)));
  expect(() => makeFolder("/proc/foo/bar")).toThrow(refused("/proc/foo/bar", expect.any(String)));
});

it.runIf(process.platform !== "win32" && process.getuid?.() !== 0)("refuses a folder that may not be written", () => {
  chmodSync(dir, 0o500);
  expect(() => makeFolder(join(dir, "x"))).toThrow(refused(join(dir, "x"), "it may not be written"));
  expect(() => makeFolder(dir)).toThrow(refused(dir, "it may not be written"));
  chmodSync(dir, 0o700);
});
