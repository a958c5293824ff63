/** `npm run soak`: the long suites at their full counts (ZPU_SOAK=1), one after the other. */
import { conclude, counted, ROOT, vitest } from "./stages.ts";
import { filesOf } from "./suites.ts";

const startedMs = Date.now();
const env = { ZPU_SOAK: "1" };
const results = [
  await counted("contracts", ["contracts/script/test.ts", "--soak"]),
  await vitest("circuits", filesOf(ROOT, "circuits", ["circuits/"]), { env }),
  await vitest("frames", filesOf(ROOT, "unit", ["protocol/", "network/"]), { env }),
  await vitest("network", filesOf(ROOT, "network"), { env, serial: true }),
];
process.exit(conclude(results, startedMs));
