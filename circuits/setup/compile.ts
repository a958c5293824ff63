/** Compiles circom text to an R1CS and a witness program, in a child process: the compiler is WebAssembly and keeps its memory. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const resolve = createRequire(import.meta.url).resolve;

/** What the compiler made. */
export interface Compiled {
  readonly r1cs: Uint8Array;
  readonly wasm: Uint8Array;
  /** Signal numbers by name. */
  readonly sym: string;
}

/**
 * Compiles `source`, which may include the gadgets. `level` 1 keeps linear constraints (the dense rows stay out of the proving key's
 * two dense matrices), 2 eliminates them. Throws Error with the compiler's words.
 */
export function compileCircom(source: string, level: 1 | 2): Compiled {
  const work = mkdtempSync(join(tmpdir(), "zpu-circom-"));
  try {
    writeFileSync(join(work, "main.circom"), source);
    cpSync(join(HERE, "gadgets.circom"), join(work, "gadgets.circom"));
    const library = join(work, "circomlib");
    mkdirSync(library);
    cpSync(resolve("circomlib/circuits/poseidon_constants.circom"), join(library, "poseidon_constants.circom"));
    const run = spawnSync(
      process.execPath,
      ["--stack-size=60000", resolve("circom2/cli.js"), "main.circom", "--r1cs", "--wasm", "--sym", `--O${level}`, "-l", "circomlib", "-o", "."],
      { cwd: work, encoding: "utf8", maxBuffer: 2 ** 26 },
    );
    if (run.status !== 0) throw new Error(`circom: ${run.stdout}${run.stderr}`.slice(0, 4_000));
    return {
      r1cs: readFileSync(join(work, "main.r1cs")),
      wasm: readFileSync(join(work, "main_js", "main.wasm")),
      sym: readFileSync(join(work, "main.sym"), "utf8"),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
