/** The documents keep up with the tree: what they link to, the files and commands they name and the tests they cite exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../stages.ts";

const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: ROOT })].sort();
const { scripts, workspaces } = z
  .object({ scripts: z.record(z.string(), z.string()), workspaces: z.array(z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
const ROOTS = [...workspaces, "docs"];

/** Targets of relative links in `text`. */
const links = (text: string): string[] => [...text.matchAll(/\]\((?!https?:|#)([^)\s#]+)[^)]*\)/g)].map((match) => match[1] ?? "");
/** Code spans that name a file or folder of a room. */
const paths = (text: string): string[] =>
  [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?|[\w-]+\/)`/g)]
    .map((match) => match[1] ?? "")
    .filter((path) => ROOTS.some((room) => path.startsWith(`${room}/`)));
/** npm scripts that are called by name. */
const commands = (text: string): string[] => [...text.matchAll(/npm run (?:-s )?([a-z-]+)/g)].map((match) => match[1] ?? "");
/** Tests that are cited as `file`: "title", "title". */
const citations = (text: string): { file: string; title: string }[] =>
  [...text.matchAll(/`([\w./-]+\.(?:test\.tsx?|t\.sol))`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );

describe.each(DOCUMENTS)("%s", (name) => {
  const text = readFileSync(join(ROOT, name), "utf8");

  it("links to what exists", () => {
    expect(links(text).filter((link) => !existsSync(join(ROOT, dirname(name), link)))).toEqual([]);
  });

  it("names files and commands that exist, and tests with these titles", () => {
    expect(paths(text).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(commands(text).filter((script) => !(script in scripts))).toEqual([]);
    expect(
      citations(text).filter(({ file, title }) => !existsSync(join(ROOT, file)) || !readFileSync(join(ROOT, file), "utf8").includes(title)),
    ).toEqual([]);
  });

  it("has no emoji", () => {
    expect(/\p{Extended_Pictographic}/u.exec(text)).toBeNull();
  });
});

it("finds what it looks for", () => {
  const text = 'see [x](docs/x.md#part) and [y](https://y), `provider/x.ts`, `gateway/`, npm run -s bench, `a/b.test.ts`: "one", "two"; done';
  expect(links(text)).toEqual(["docs/x.md"]);
  expect(paths(text)).toEqual(["provider/x.ts", "gateway/"]);
  expect(commands(text)).toEqual(["bench"]);
  expect(citations(text)).toEqual([
    { file: "a/b.test.ts", title: "one" },
    { file: "a/b.test.ts", title: "two" },
  ]);
  expect(citations(readFileSync(join(ROOT, "docs", "THREATS.md"), "utf8")).length).toBeGreaterThan(20);
});
