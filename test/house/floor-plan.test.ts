/** The floor plan can fail: each wall and each one-door rule is broken on purpose in a tree of its own, and must be reported. */
import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = join(import.meta.dirname, "..", "..");
/** The table of docs/ARCHITECTURE.md, written out a second time: the plan in force is compared with it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  contracts: [],
  proofs: [],
  circuits: ["proofs"],
  ipc: ["protocol"],
  network: ["protocol"],
  provider: ["protocol", "ipc", "network", "contracts", "circuits", "proofs"],
  sdk: ["protocol", "network", "contracts", "proofs"],
  gateway: ["sdk", "network", "protocol"],
  renderer: ["ipc", "protocol", "proofs"],
  preload: ["ipc"],
  main: ["provider", "ipc", "protocol"],
  cli: ["provider", "ipc", "protocol"],
  devnet: ["provider", "sdk", "gateway", "network", "ipc", "protocol", "contracts", "circuits", "proofs"],
};
const ROOMS = [...Object.keys(MAY_IMPORT), "test", "bench"];
/** Library and the one file (or a file in the one folder) that may meet it. */
const DOORS: readonly (readonly [library: string, door: string])[] = [
  ["onnxruntime-node", "provider/execution/onnx.ts"],
  ["onnxruntime-web", "provider/execution/wasm.ts"],
  ["snarkjs", "provider/proving/groth16.ts"],
  ["circom2", "circuits/setup/compile.ts"],
  ["ethers", "sdk/escrow.ts"],
  ["electron", "main/window.ts"],
  ["systeminformation", "provider/hardware/probe.ts"],
  ["electron-store", "main/ports/settings.ts"],
  ["libp2p", "network/node.ts"],
  ["@nomicfoundation/edr", "devnet/chain.ts"],
];

const cruise = z.object({
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});
type Violation = z.infer<typeof cruise>["summary"]["violations"][number];

let tree = "";
let violations: readonly Violation[] = [];

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
};
const reported = (rule: string, from: string): readonly string[] =>
  violations.filter((at) => at.rule.name === rule && at.from === from).map((at) => at.to);

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), "zpu-floor-plan-"));
  write("tsconfig.base.json", readFileSync(join(ROOT, "tsconfig.base.json"), "utf8"));
  write("package.json", JSON.stringify({ type: "module", dependencies: Object.fromEntries(DOORS.map(([library]) => [library, "1.0.0"])) }));
  for (const room of ROOMS) {
    write(`${room}/thing.ts`, "export const thing = 1;\n");
    for (const other of ROOMS.filter((name) => name !== room)) write(`${room}/from-${other}.ts`, `import { thing } from "../${other}/thing.ts";\nexport const seen = thing;\n`); // prettier-ignore
  }
  for (const [library, door] of DOORS) {
    write(`node_modules/${library}/package.json`, JSON.stringify({ name: library, version: "1.0.0", main: "index.js", type: "module" }));
    write(`node_modules/${library}/index.js`, "export const open = 1;\n");
    const name = library.replace(/\W+/g, "-");
    write(`gateway/static-${name}.ts`, `import { open } from "${library}";\nexport const opened = open;\n`);
    write(`renderer/dynamic-${name}.ts`, `export const opened = () => import("${library}");\n`);
    write(door, `import { open } from "${library}";\nexport const opened = open;\n`);
  }
  write("protocol/circle-a.ts", 'import { b } from "./circle-b.ts";\nexport const a = () => b;\n');
  write("protocol/circle-b.ts", 'import { a } from "./circle-a.ts";\nexport const b = () => a;\n');
  write("protocol/types-a.ts", 'import type { B } from "./types-b.ts";\nexport interface A { b: B }\n');
  write("protocol/types-b.ts", 'import type { A } from "./types-a.ts";\nexport interface B { a: A }\n');
  write("protocol/nowhere.ts", 'import { gone } from "./gone.ts";\nexport const missing = gone;\n');
  write("circuits/setup/thing.ts", "export const thing = 1;\n");
  write("circuits/from-setup.ts", 'import { thing } from "./setup/thing.ts";\nexport const seen = thing;\n');
  write("provider/wallet/keys.ts", "export const keys = 1;\n");
  write("provider/wallet/signer.ts", 'import { keys } from "./keys.ts";\nexport const seen = keys;\n');
  write("provider/chain-side.ts", 'import { keys } from "./wallet/keys.ts";\nexport const seen = keys;\n');
  write("preload/types-only.ts", 'import type { thing } from "../ipc/thing.ts";\nexport type Seen = typeof thing;\n');
  const stdout = await new Promise<string>((resolve, reject) => {
    const program = join(ROOT, "node_modules", ".bin", "depcruise");
    const args = [program, "--config", join(ROOT, ".dependency-cruiser.cjs"), "--output-type", "json", ...ROOMS];
    execFile(process.execPath, args, { cwd: tree, maxBuffer: 64 * 2 ** 20 }, (error, output, errors) => {
      if (output === "") reject(new Error(errors, { cause: error }));
      else resolve(output);
    });
  });
  const { summary } = cruise.parse(JSON.parse(stdout));
  expect(summary.totalCruised).toBeGreaterThan(ROOMS.length ** 2);
  violations = summary.violations;
});
afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
});

describe("the walls between rooms", () => {
  for (const [room, may] of Object.entries(MAY_IMPORT)) {
    it(`${room} may import ${may.length === 0 ? "no other room" : may.join(", ")}, and nothing else`, () => {
      for (const other of ROOMS.filter((name) => name !== room)) {
        expect(reported(`floor-${room}`, `${room}/from-${other}.ts`), `${room} -> ${other}`).toEqual(
          may.includes(other) ? [] : [`${other}/thing.ts`],
        );
      }
    });
  }

  it("test and bench may import every room", () => {
    for (const room of ["test", "bench"])
      expect(violations.filter((at) => at.from.startsWith(`${room}/`) && at.rule.name.startsWith("floor-"))).toEqual([]);
  });

  it("the GPL setup package lies beneath no other room", () => {
    expect(reported("setup-is-gpl", "circuits/from-setup.ts")).toEqual(["circuits/setup/thing.ts"]);
  });

  it("private keys are derived in the signer alone", () => {
    expect(reported("keys-in-the-signer", "provider/chain-side.ts")).toEqual(["provider/wallet/keys.ts"]);
    expect(reported("keys-in-the-signer", "provider/wallet/signer.ts")).toEqual([]);
  });

  it("preload takes types from ipc and no code", () => {
    expect(reported("preload-types-only", "preload/from-ipc.ts")).toEqual(["ipc/thing.ts"]);
    expect(reported("preload-types-only", "preload/types-only.ts")).toEqual([]);
  });
});

describe("libraries with one door", () => {
  for (const [library, door] of DOORS) {
    it(`${library} is met in ${door} and nowhere else, dynamic imports included`, () => {
      const name = library.replace(/\W+/g, "-");
      const rule = `one-door-${library.replace(/[^a-z0-9]+/g, "-")}`;
      expect(reported(rule, `gateway/static-${name}.ts`)).toHaveLength(1);
      expect(reported(rule, `renderer/dynamic-${name}.ts`)).toHaveLength(1);
      expect(reported(rule, door)).toEqual([]);
    });
  }
});

describe("circles and dead ends", () => {
  it("a circle is reported, of values and of types", () => {
    expect(reported("no-circular", "protocol/circle-a.ts")).toEqual(["protocol/circle-b.ts"]);
    expect(reported("no-circular", "protocol/types-a.ts")).toEqual(["protocol/types-b.ts"]);
  });

  it("an import that leads nowhere is reported", () => {
    expect(reported("no-unresolvable", "protocol/nowhere.ts")).toHaveLength(1);
  });
});

/** Kinds of statement that no room may hold, found in the syntax tree. */
function offences(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isEnumDeclaration(node)) found.push(`${path}: enum`);
    if (ts.isExportAssignment(node)) found.push(`${path}: default export`);
    if (ts.isExportDeclaration(node) && (!node.exportClause || ts.isNamespaceExport(node.exportClause))) found.push(`${path}: export *`);
    if (ts.isExportSpecifier(node) && node.name.text === "default") found.push(`${path}: default export`);
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword))
      found.push(`${path}: default export`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

describe("the tree itself", () => {
  it("each kind of offence is found", () => {
    const text =
      'export default 1;\nexport * from "./x.ts";\nexport * as y from "./y.ts";\nenum E { A }\nexport { a as default };\nexport default function f() {}\n';
    expect(offences("x.ts", text)).toEqual(["default export", "export *", "export *", "enum", "default export", "default export"].map((kind) => `x.ts: ${kind}`)); // prettier-ignore
  });

  it("holds no default export, no enum and no export *", () => {
    const skipped = /(^|[\\/])(node_modules|dist|artifacts|\.out)([\\/]|$)/;
    const files = ROOMS.flatMap((room) => globSync(`${room}/**/*.{ts,tsx}`, { cwd: ROOT, exclude: (path) => skipped.test(path) }));
    expect(files.length).toBeGreaterThan(50);
    // Vite asks for a default export in its configuration; declaration files describe other people's modules.
    const checked = files.filter((path) => !skipped.test(path) && !path.endsWith("vite.config.ts") && !path.endsWith(".d.ts"));
    expect(checked.flatMap((path) => offences(path, readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });
});
