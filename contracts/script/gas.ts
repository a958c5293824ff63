/** Rewrites gas-report.md: what every verb costs as a transaction of its own. `node contracts/script/gas.ts [--check]`; `--check` only compares. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { artifacts, compile, ROOM, SETTINGS, shown } from "./compile.ts";
import { runForge } from "./forge.ts";

const TARGET = join(ROOM, "gas-report.md");
/** In this order; of each only what changes state, and `verify`. */
const CONTRACTS = ["ZPUToken", "ZPURegistry", "ZPUJobs", "ZPUProofVerifier", "ZPUTreasury"];
const figures = z.object({ calls: z.number(), min: z.number(), mean: z.number(), median: z.number(), max: z.number() });
const report = z.array(z.object({ contract: z.string(), functions: z.record(z.string(), figures) }));

const { code, stdout } = await runForge(["test", "--match-path", "contracts/test/gas/*", "--gas-report", "--json"], { echo: false });
const json = stdout.split("\n").find((line) => line.startsWith("["));
if (code !== 0 || json === undefined) throw new Error(`forge gave no gas report (code ${code}):\n${stdout.slice(0, 2000)}`);
const measured = report.parse(JSON.parse(json));
const compiled = artifacts.parse(JSON.parse(await readFile(await compile(), "utf8")));

const number = (value: number): string => value.toLocaleString("en-US");
const lines = [
  "# Gas",
  "",
  "Written by `node contracts/script/gas.ts`, never by hand. Each figure is a whole successful transaction (base fee of 21,000 and calldata",
  "included) from cold storage; where a verb runs more than once (a first and a later job), lowest and highest are given.",
  `solc settings: optimizer ${number(SETTINGS.optimizer.runs)} runs, via-IR ${SETTINGS.viaIR ? "on" : "off"}, ${SETTINGS.evmVersion}.`,
  "",
  "| contract | call | lowest | highest |",
  "| --- | --- | ---: | ---: |",
];
for (const name of CONTRACTS) {
  const found = measured.find(({ contract }) => contract.endsWith(`:${name}`));
  const calls = new Map(Object.entries(found?.functions ?? {}).map(([signature, value]) => [signature.split("(")[0] ?? signature, value]));
  const abi = compiled[name]?.abi ?? [];
  const verbs = abi.filter((item) => item.type === "function" && (item.stateMutability === "nonpayable" || item.name === "verify"));
  for (const verb of verbs.map((item) => String(item.name)).sort()) {
    const value = calls.get(verb);
    if (value) lines.push(`| ${name} | ${verb} | ${number(value.min)} | ${number(value.max)} |`);
  }
}
lines.push("", "| contract | creation code, bytes |", "| --- | ---: |");
for (const name of CONTRACTS) lines.push(`| ${name} | ${number(((compiled[name]?.bytecode.length ?? 2) - 2) / 2)} |`);
const text = `${lines.join("\n")}\n`;

if (process.argv.includes("--check")) {
  const same = (await readFile(TARGET, "utf8").catch(() => "")) === text;
  console.log(same ? `${shown(TARGET)} is up to date` : `${shown(TARGET)} is out of date: run node contracts/script/gas.ts`);
  process.exit(same ? 0 : 1);
}
await writeFile(TARGET, text);
console.log(text);
