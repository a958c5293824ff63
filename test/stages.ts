/** The stages of the test command and how one is run: each a child process whose counts are read, never guessed. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const ROOT = join(import.meta.dirname, "..");

/** Outcome of one stage; `skipped` names what was not run and why. */
export interface StageResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { test: string; reason: string }[];
  readonly ms: number;
}

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** Runs `node script args` in the repository root; resolves with its exit code and, where asked, what it printed. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = {}, capture = false): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
      cwd: ROOT,
      stdio: ["ignore", capture ? "pipe" : "inherit", capture ? "pipe" : "inherit"],
      env: { ...process.env, ...env },
    });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve({ code: code ?? 1, output });
    });
  });
}

const bin = (name: string): string => join("node_modules", ".bin", name);

/** A stage that either holds or does not: one check. Its output is shown only when it fails. */
export async function check(name: string, args: readonly string[]): Promise<StageResult> {
  const startedMs = Date.now();
  const { code, output } = await runNode(args, {}, true);
  if (code !== 0) console.log(`--- ${name}\n${output}`);
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], ms: Date.now() - startedMs };
}

/** A vitest stage over the files at `paths`. A file that fails to load counts as one failure. */
export async function vitest(
  name: string,
  paths: readonly string[],
  options: { env?: NodeJS.ProcessEnv; serial?: boolean } = {},
): Promise<StageResult> {
  const startedMs = Date.now();
  const folder = join(ROOT, ".cache", "test-reports");
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `${name.replace(/\W+/g, "-")}.json`);
  rmSync(report, { force: true });
  const args = [bin("vitest"), "run", ...paths, "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  if (options.serial) args.push("--no-file-parallelism");
  const { code, output } = await runNode(args, options.env, true);
  let passed = 0;
  let failed = 0;
  const skipped: { test: string; reason: string }[] = [];
  if (existsSync(report)) {
    for (const file of vitestReport.parse(JSON.parse(readFileSync(report, "utf8"))).testResults) {
      if (file.assertionResults.length === 0 && file.status !== "passed") failed += 1;
      for (const test of file.assertionResults) {
        if (test.status === "passed") passed += 1;
        else if (test.status === "failed") failed += 1;
        else skipped.push({ test: test.fullName, reason: "marked as skipped" });
      }
    }
  }
  if (code !== 0 && failed === 0) failed = 1;
  if (passed === 0 && failed === 0) failed = 1;
  if (failed > 0) console.log(`--- ${name}\n${output}`);
  return { name, passed, failed, skipped, ms: Date.now() - startedMs };
}

/** A stage whose program ends with a line `passed N, failed N, skipped N` (the contract tests); what it printed is kept as a report. */
export async function counted(name: string, args: readonly string[]): Promise<StageResult> {
  const startedMs = Date.now();
  const { code, output } = await runNode(args, {}, true);
  mkdirSync(join(ROOT, ".cache", "test-reports"), { recursive: true });
  writeFileSync(join(ROOT, ".cache", "test-reports", `${name}.txt`), output);
  const counts = [...output.matchAll(/passed (\d+), failed (\d+), skipped (\d+)/g)].at(-1);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Math.max(Number(counts?.[2] ?? 0), code !== 0 || passed === 0 ? 1 : 0);
  const skipped = Array.from({ length: Number(counts?.[3] ?? 0) }, (_, index) => ({ test: `${name} ${index + 1}`, reason: "marked as skipped" }));
  if (failed > 0) console.log(`--- ${name}\n${output}`);
  return { name, passed, failed, skipped, ms: Date.now() - startedMs };
}

/** A stage that cannot run here, by name and reason. */
export const notRun = (name: string, reason: string): StageResult => ({ name, passed: 0, failed: 0, skipped: [{ test: name, reason }], ms: 0 });

const allowedSkips = z.array(z.object({ test: z.string(), reason: z.string().min(10) }));

/**
 * Prints one line a stage and the last line with the totals; returns the exit code. Under CI (the variable `CI` is set) a skip is a
 * failure unless test/allowed-skips.json names it.
 */
export function conclude(results: readonly StageResult[], startedMs: number): number {
  const allowed = allowedSkips.parse(JSON.parse(readFileSync(join(ROOT, "test", "allowed-skips.json"), "utf8")));
  const totals = { passed: 0, failed: 0, skipped: 0 };
  let refused = 0;
  console.log("");
  for (const result of results) {
    totals.passed += result.passed;
    totals.failed += result.failed;
    totals.skipped += result.skipped.length;
    console.log(
      `${result.failed > 0 ? "FAIL" : "ok  "} ${result.name.padEnd(22)} ${String(result.passed).padStart(5)} passed ${String(result.failed).padStart(3)} failed ${String(result.skipped.length).padStart(3)} skipped  ${(result.ms / 1000).toFixed(1)} s`,
    );
    for (const skip of result.skipped) {
      const permission = allowed.find((entry) => entry.test === skip.test);
      const permitted = permission !== undefined;
      if (process.env.CI && !permitted) refused += 1;
      console.log(
        `     skipped: ${skip.test} (${permission?.reason ?? skip.reason})${process.env.CI && !permitted ? " - not allowed under CI" : ""}`,
      );
    }
  }
  console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped in ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
  return totals.failed > 0 || refused > 0 ? 1 : 0;
}
