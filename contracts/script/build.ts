/** `npm run contracts`: compiles the contracts and rewrites abi.ts from what came out; `--quiet` only compiles. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderAbi } from "./abi-text.ts";
import { artifacts, compile, ROOM, shown } from "./compile.ts";

const started = performance.now();
const file = await compile();
if (!process.argv.includes("--quiet")) {
  const compiled = artifacts.parse(JSON.parse(await readFile(file, "utf8")));
  await writeFile(join(ROOM, "abi.ts"), await renderAbi(compiled));
  console.log(
    `compiled ${Object.keys(compiled).length} contracts, interfaces and libraries in ${Math.round(performance.now() - started)} ms to ${shown(file)}; abi.ts written`,
  );
}
