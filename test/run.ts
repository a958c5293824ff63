/** `npm test`: types, lint, floor plan, contracts, circuits, unit, network, pages in Chromium; ends with the totals. */
import { check, conclude, counted, notRun, ROOT, vitest, type StageResult } from "./stages.ts";
import { filesOf, ROOMS } from "./suites.ts";
import { ensureSystemPackages } from "./system.ts";

const bin = (name: string): string => `node_modules/.bin/${name}`;

const STAGES: Readonly<Record<string, () => Promise<StageResult>>> = {
  types: () => check("types", [bin("tsc"), "-b"]),
  lint: () => check("lint", ["test/lint.ts"]),
  "floor-plan": () => check("floor-plan", [bin("depcruise"), "--config", ".dependency-cruiser.cjs", ...ROOMS]),
  contracts: () => counted("contracts", ["contracts/script/test.ts"]),
  circuits: () => vitest("circuits", filesOf(ROOT, "circuits")),
  unit: () => vitest("unit", filesOf(ROOT, "unit")),
  network: () => vitest("network", filesOf(ROOT, "network"), { serial: true }),
  pages: () => vitest("pages", filesOf(ROOT, "pages"), { serial: true }),
};

const startedMs = Date.now();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STAGES));
if (unknown.length > 0) {
  console.error(`no stage named ${unknown.join(", ")}; there are: ${Object.keys(STAGES).join(", ")}`);
  process.exit(2);
}
const results: StageResult[] = [];
for (const [name, stage] of Object.entries(STAGES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`${name} ...`);
  const missing = name === "pages" ? ensureSystemPackages() : [];
  results.push(missing.length > 0 ? notRun(name, `needs ${missing.join(", ")}`) : await stage());
}
process.exit(conclude(results, startedMs));
