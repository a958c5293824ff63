/** No test is forgotten and none runs twice: each test file of the repository is run by exactly one stage of the test command. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ROOT } from "../stages.ts";
import { filesOf, suiteOf, SUITES } from "../suites.ts";

const git = (...args: string[]): string[] =>
  execFileSync("git", ["ls-files", ...args, "*.test.ts", "*.test.tsx", "*.test.mts", "*.test.js", "*.test.mjs"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((path) => path !== "");

describe("the stages of the test command", () => {
  const planned = SUITES.map((suite) => [suite, filesOf(ROOT, suite)] as const);

  it("run every test file once", () => {
    const deleted = new Set(git("--deleted"));
    const files = git("--cached", "--others", "--exclude-standard").filter((path) => !deleted.has(path));
    expect(files.length).toBeGreaterThan(60);
    expect(planned.flatMap(([, paths]) => paths).sort()).toEqual([...new Set(files)].sort());
    for (const [suite, paths] of planned) expect(paths.length, suite).toBeGreaterThan(0);
  });

  it("name a file so that no other file answers to its name: the runner takes a name as a part of a path", () => {
    const all = planned.flatMap(([, paths]) => paths);
    for (const path of all) expect(all.filter((other) => `/${other}`.includes(path))).toEqual([path]);
  });

  it.each([
    ["circuits/setup/network.test.ts", "circuits"],
    ["main/pages.test.ts", "unit"],
    ["preload/index.test.ts", "unit"],
    ["bench/figures.test.ts", "unit"],
    ["test/house/stages.test.ts", "unit"],
    ["test/claims/ledger.test.ts", "unit"],
    ["test/network/sdk.test.ts", "network"],
    ["network/node.test.ts", "unit"],
    ["test/ui/flows.test.ts", "pages"],
    ["elsewhere/a.test.ts", undefined],
  ])("%s belongs to %s", (path, suite) => expect(suiteOf(path)).toBe(suite));
});
