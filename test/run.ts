/** `npm test`: types, lint, floor plan, contracts, circuits, unit, network, pages in Chromium; ends with the totals. */
import { check, conclude, counted, notRun, vitest, type StageResult } from "./stages.ts";
import { ensureSystemPackages } from "./system.ts";

const ROOMS = [
  "protocol",
  "ipc",
  "contracts",
  "circuits",
  "proofs",
  "network",
  "provider",
  "sdk",
  "gateway",
  "main",
  "cli",
  "devnet",
  "preload",
  "renderer",
  "test",
  "bench",
];
const bin = (name: string): string => `node_modules/.bin/${name}`;

const STAGES: Readonly<Record<string, () => Promise<StageResult>>> = {
  types: () => check("types", [bin("tsc"), "-b"]),
  lint: () => check("lint", ["test/lint.ts"]),
  "floor-plan": () => check("floor-plan", [bin("depcruise"), "--config", ".dependency-cruiser.cjs", ...ROOMS]),
  contracts: () => counted("contracts", ["contracts/script/test.ts"]),
  circuits: () => vitest("circuits", ["circuits", "proofs"]),
  unit: () =>
    vitest("unit", ["protocol", "ipc", "contracts", "network", "provider", "sdk", "gateway", "cli", "devnet", "renderer", "test/house"], {
      exclude: ["test/network/**", "test/ui/**"],
    }),
  network: () => vitest("network", ["test/network"], { serial: true }),
  pages: () => vitest("pages", ["test/ui"], { serial: true }),
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
