/**
 * Tests of the contracts with forge: `node contracts/script/test.ts [forge test arguments]`. The last line counts
 * `contracts: passed N, failed N, skipped N`; the exit code is 0 only where all passed and some ran.
 */
import { forgePath, runForge } from "./forge.ts";

const suiteLine = /^Suite result: \w+\. (\d+) passed; (\d+) failed; (\d+) skipped;/gm;

if (forgePath() === undefined) {
  console.log(`no forge is packaged for ${process.platform}-${process.arch}; the contracts' tests were not run`);
  console.log("contracts: passed 0, failed 0, skipped 1");
  process.exit(process.env["CI"] ? 1 : 0);
}
const started = performance.now();
const { code, stdout } = await runForge(["test", ...process.argv.slice(2)], { echo: true });
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const [, passed, failed, skipped] of stdout.matchAll(suiteLine)) {
  counts.passed += Number(passed);
  counts.failed += Number(failed);
  counts.skipped += Number(skipped);
}
console.log(`forge ended with code ${code} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`contracts: passed ${counts.passed}, failed ${counts.failed}, skipped ${counts.skipped}`);
process.exit(code === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1);
