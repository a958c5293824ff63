/**
 * Tests of the contracts: `node contracts/script/test.ts [--soak] [forge test arguments]`. Forge's tests, fuzz inputs and sequences
 * from a new seed each time (printed where one fails), then whether gas-report.md still holds. `--soak` runs the full counts. The last line reads
 * `contracts: passed N, failed N, skipped N`; the exit code is 0 only where all passed and some ran.
 */
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { forgePath, runForge } from "./forge.ts";

/** Counts of the long runs; the short ones are in foundry.toml. */
const SOAK = { FOUNDRY_FUZZ_RUNS: "10000", FOUNDRY_INVARIANT_RUNS: "256", FOUNDRY_INVARIANT_DEPTH: "200" };
const suiteLine = /^Suite result: \w+\. (\d+) passed; (\d+) failed; (\d+) skipped;/gm;

if (forgePath() === undefined) {
  console.log(`no forge is packaged for ${process.platform}-${process.arch}; the contracts' tests were not run`);
  console.log("contracts: passed 0, failed 0, skipped 1");
  process.exit(process.env.CI ? 1 : 0);
}
const args = process.argv.slice(2).filter((arg) => arg !== "--soak");
const soak = process.argv.includes("--soak");
const started = performance.now();
const { code, stdout } = await runForge(["test", ...args], { echo: true, env: soak ? SOAK : {} });
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const [, passed, failed, skipped] of stdout.matchAll(suiteLine)) {
  counts.passed += Number(passed);
  counts.failed += Number(failed);
  counts.skipped += Number(skipped);
}
if (args.length === 0 && code === 0) {
  const gas = spawnSync(process.execPath, [fileURLToPath(new URL("./gas.ts", import.meta.url)), "--check"], { stdio: "inherit" });
  if (gas.status === 0) counts.passed += 1;
  else counts.failed += 1;
}
console.log(`forge ended with code ${code} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`contracts: passed ${counts.passed}, failed ${counts.failed}, skipped ${counts.skipped}`);
process.exit(code === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1);
