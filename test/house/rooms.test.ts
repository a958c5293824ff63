/** The house keeps its own rules: every room says what it never does, versions are exact, the lockfile is complete and names no host. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../stages.ts";

const manifest = z.object({
  workspaces: z.array(z.string()).default([]),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const lockfile = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional(), resolved: z.string().optional() })),
});
const read = <T extends z.ZodType>(path: string, schema: T): z.infer<T> => schema.parse(JSON.parse(readFileSync(join(ROOT, path), "utf8")));
const rooms = read("package.json", manifest).workspaces;

test.each(rooms)("%s has a README of one paragraph that begins with what the room never does", (room) => {
  const text = readFileSync(join(ROOT, room, "README.md"), "utf8").trim();
  const paragraphs = text.split(/\n\s*\n/).flatMap((block) => block.replace(/^#[^\n]*\n?/, "").trim() || []);
  expect(paragraphs).toHaveLength(1);
  expect(paragraphs[0]?.split(/\.\s/)[0]).toMatch(/\bnever\b/i);
});

test.each([".", ...rooms])("%s pins every dependency exactly", (room) => {
  const { dependencies, devDependencies } = read(join(room, "package.json"), manifest);
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});

test("the lockfile names no download address and knows every platform's native package", () => {
  const { packages } = read("package-lock.json", lockfile);
  const known = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)));
  for (const [path, entry] of Object.entries(packages)) {
    expect(entry.resolved ?? "", path).not.toMatch(/^https?:/);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) expect(known, `${path} wants ${name}`).toContain(name);
  }
});

test("the chosen top level stands in place", () => {
  for (const name of ["package.json", "electron-builder.yml", "tsconfig.json", "main", "renderer", "preload", "circuits", "contracts", "README.md"]) {
    expect(existsSync(join(ROOT, name)), name).toBe(true);
  }
});
