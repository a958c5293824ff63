/** The bootstrap: which Node runs the program as it is, and when packages are installed anew. Runs a copy with an npm that only writes down its calls. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const NATIVE = ["onnxruntime-node", "@nomicfoundation/edr", "@tailwindcss/oxide", "rolldown", "lightningcss"];
let dir = "";

beforeEach(() => {
  // Beside the repository's own cache: a hard link to this Node must be possible.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  dir = mkdtempSync(join(ROOT, ".cache", "bootstrap-"));
  copyFileSync(join(ROOT, "bootstrap.mjs"), join(dir, "bootstrap.mjs"));
  writeFileSync(join(dir, "package-lock.json"), "{}");
  writeFileSync(join(dir, "package.json"), "{}");
  writeFileSync(
    join(dir, "npm-cli.js"),
    `const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs"); const { join } = require("node:path");
     appendFileSync(${JSON.stringify(join(dir, "calls"))}, process.argv[2] + "\\n");
     if (process.argv[2] !== "ci") process.exit(1);
     for (const name of ${JSON.stringify(NATIVE)}) {
       mkdirSync(join(${JSON.stringify(dir)}, "node_modules", name), { recursive: true });
       writeFileSync(join(${JSON.stringify(dir)}, "node_modules", name, "index.js"), "");
     }`,
  );
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const run = (node: string, version?: string): { status: number | null; errors: string } => {
  const pretend = `--import "data:text/javascript,Object.defineProperty(process,'version',{value:'${version ?? ""}'})"`;
  const { status, stderr } = spawnSync(node, [join(dir, "bootstrap.mjs"), "--install-only"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, npm_execpath: join(dir, "npm-cli.js"), ...(version === undefined ? {} : { NODE_OPTIONS: pretend }) },
  });
  return { status, errors: stderr };
};
const calls = (): string[] => (existsSync(join(dir, "calls")) ? readFileSync(join(dir, "calls"), "utf8").trim().split("\n") : []);

describe("bootstrap", () => {
  it.each(["v22.18.0", "v22.22.3", "v23.6.0", "v24.0.0", "v26.1.0"])("runs under Node %s as it is", (version) => {
    expect(run(process.execPath, version)).toMatchObject({ status: 0 });
    expect(calls()).toEqual(["ci"]);
  });

  it.each(["v20.19.0", "v22.17.1", "v23.0.0", "v23.5.9", "v21.9.0", "v18.20.0"])("fetches a Node where this one is %s", (version) => {
    expect(run(process.execPath, version).errors).toContain(`this Node is ${version}; fetching Node`);
    expect(calls()).toEqual(["pack"]);
  });

  it("installs once, and not again for the same kind of Node at another place", () => {
    expect(run(process.execPath).status).toBe(0);
    expect(run(process.execPath).status).toBe(0);
    const other = join(dir, "elsewhere", "node");
    mkdirSync(dirname(other));
    try {
      linkSync(process.execPath, other);
    } catch {
      copyFileSync(process.execPath, other);
    }
    expect(execFileSync(other, ["-p", "process.execPath"], { encoding: "utf8" }).trim()).toBe(other);
    expect(run(other).status).toBe(0);
    expect(calls()).toEqual(["ci"]);
  });

  it("installs again where the lock file has changed", () => {
    expect(run(process.execPath).status).toBe(0);
    writeFileSync(join(dir, "package-lock.json"), '{"changed":true}');
    expect(run(process.execPath).status).toBe(0);
    expect(calls()).toEqual(["ci", "ci"]);
  });
});
