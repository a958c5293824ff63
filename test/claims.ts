/** `npm run claims`: runs the command behind every claim of claims.json, checks that it shows the claim, writes docs/CLAIMS.md. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { counts, DOCUMENT_FILE, renderDocument } from "./claims/document.ts";
import { readLedger, ROOT, type Claim } from "./claims/ledger.ts";
import { parseReport, refutes, type Outcome } from "./claims/shows.ts";

const USAGE = `usage: npm run claims [-- options]
  (none)        run every command once, check what it shows, write docs/CLAIMS.md
  --list        print the ledger, run nothing
  --only ID     the one claim alone (may be repeated)
  --write       write docs/CLAIMS.md, run nothing
  --check       fail when docs/CLAIMS.md is not what the ledger gives, run nothing`;
const COMMAND_TIMEOUT_MS = 30 * 60_000;

/** Runs `line` without a shell and gathers what it printed and the test reports it wrote. */
function runCommand(line: string): Promise<Outcome> {
  const [, ...args] = line.split(" ");
  return new Promise((resolve, reject) => {
    const npm = process.env.npm_execpath;
    const [program, lead] = npm ? [process.execPath, [npm]] : [process.platform === "win32" ? "npm.cmd" : "npm", []];
    const child = spawn(program, [...lead, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_TIMEOUT_MS,
      shell: program.endsWith(".cmd"),
    });
    let stdout = "";
    let last = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (last = (last + chunk.toString()).slice(-4000)));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) console.error(`${stdout.slice(-4000)}\n${last}`);
      const reports: Record<string, ReturnType<typeof parseReport>> = {};
      for (const stage of args[0] === "test" ? args.slice(2) : []) {
        const files = ["json", "txt"].map((end) => join(ROOT, ".cache", "test-reports", `${stage}.${end}`)).filter((file) => existsSync(file));
        reports[stage] = files.flatMap((file) => parseReport(readFileSync(file, "utf8")));
      }
      resolve({ code: code ?? 1, stdout, reports });
    });
  });
}

/** Runs the commands of `entries`, one after the other; returns how many claims their commands do not show. */
async function verify(entries: readonly Claim[]): Promise<{ shown: number; unshown: number }> {
  const byCommand = new Map<string, (Claim & { status: "delivered" | "partial" })[]>();
  for (const entry of entries) {
    if (entry.status === "deferred" || entry.command === undefined) continue;
    byCommand.set(entry.command, [...(byCommand.get(entry.command) ?? []), entry]);
  }
  let shown = 0;
  let unshown = 0;
  for (const [line, some] of byCommand) {
    const startedMs = Date.now();
    console.log(`${line} ...`);
    const outcome = await runCommand(line);
    console.log(`  ended with code ${outcome.code} after ${((Date.now() - startedMs) / 1000).toFixed(0)} s; ${some.length} claims rest on it`);
    for (const entry of some) {
      const reasons = (entry.shows ?? []).map((check) => refutes(check, outcome)).filter((reason) => reason !== undefined);
      if (reasons.length === 0) shown += 1;
      else {
        unshown += 1;
        console.log(`  NOT SHOWN ${entry.id}: ${reasons.join("; ")}`);
      }
    }
  }
  return { shown, unshown };
}

async function main(): Promise<number> {
  let options;
  try {
    const flag = { type: "boolean", default: false } as const;
    options = parseArgs({ options: { list: flag, write: flag, check: flag, help: flag, only: { type: "string", multiple: true } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const ledger = readLedger();
  const entries = options.only ? ledger.filter(({ id }) => options.only?.includes(id)) : ledger;
  const unknown = options.only?.filter((id) => !ledger.some((entry) => entry.id === id)) ?? [];
  if (unknown.length > 0) {
    console.error(`no claim has the id ${unknown.join(", ")}`);
    return 2;
  }
  const document = renderDocument(ledger);
  if (options.list) {
    for (const entry of entries) console.log(`${entry.id.padEnd(22)} ${entry.status.padEnd(10)} ${entry.quote.replace(/\s+/g, " ").slice(0, 110)}`);
    console.log(`\n${entries.length} claims: ${counts(entries)}`);
    return 0;
  }
  if (options.check) {
    const inStep = existsSync(DOCUMENT_FILE) && readFileSync(DOCUMENT_FILE, "utf8") === document;
    console.log(
      inStep ? "docs/CLAIMS.md is in step with claims.json" : "docs/CLAIMS.md is not what claims.json gives; run: npm run claims -- --write",
    );
    return inStep ? 0 : 1;
  }
  writeFileSync(DOCUMENT_FILE, document);
  if (options.write) {
    console.log(`docs/CLAIMS.md written; ${ledger.length} claims: ${counts(ledger)}`);
    return 0;
  }
  const { shown, unshown } = await verify(entries);
  console.log(`\n${entries.length} claims: ${counts(entries)}; ${shown} shown by their commands, ${unshown} not shown`);
  return unshown === 0 ? 0 : 1;
}

process.exitCode = await main();
