/** `npm run soak`: the long suites at their full counts (ZPU_SOAK=1), one after the other. */
import { conclude, counted, vitest } from "./stages.ts";

const startedMs = Date.now();
const env = { ZPU_SOAK: "1" };
const results = [
  await counted("contracts", ["contracts/script/test.ts", "--soak"]),
  await vitest("circuits", ["circuits"], { env }),
  await vitest("frames", ["protocol", "network"], { env, exclude: ["test/network/**"] }),
  await vitest("network", ["test/network"], { env, serial: true }),
];
process.exit(conclude(results, startedMs));
