/** Judges whether what a command printed, or the report of its tests, shows what a claim says. */
import { z } from "zod";
import type { Shown } from "./ledger.ts";

/** What a command left behind. `reports` maps a stage of the test command to the names of its tests and whether each passed. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly reports: Readonly<Record<string, readonly { name: string; passed: boolean }[]>>;
}

const vitestReport = z.object({
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) })),
});

/** Tests of a report: vitest's JSON, or text with forge's `[PASS] name(...)` lines. */
export function parseReport(text: string): { name: string; passed: boolean }[] {
  if (text.trimStart().startsWith("{")) {
    const report = vitestReport.parse(JSON.parse(text));
    return report.testResults.flatMap((file) =>
      file.assertionResults.map(({ fullName, status }) => ({ name: fullName, passed: status === "passed" })),
    );
  }
  return [...text.matchAll(/^\s*\[(PASS|FAIL)[^\]]*\]\s+(\w+)/gm)].map(([, verdict, name]) => ({ name: name ?? "", passed: verdict === "PASS" }));
}

/** Every value that `path` (dotted; `*` for each element or member) leads to. */
export function valuesAt(value: unknown, path: string): unknown[] {
  let found: unknown[] = [value];
  for (const step of path.split(".")) {
    found = found.flatMap((at): unknown[] => {
      if (typeof at !== "object" || at === null) return [];
      if (step === "*") return Object.values(at);
      return Object.hasOwn(at, step) ? [(at as Record<string, unknown>)[step]] : [];
    });
  }
  return found;
}

/** Why `outcome` does not show `check`; undefined where it does. */
export function refutes(check: Shown, outcome: Outcome): string | undefined {
  if (outcome.code !== 0) return `the command ended with code ${outcome.code}`;
  if ("report" in check) {
    const tests = (outcome.reports[check.report] ?? []).filter(({ name }) => new RegExp(check.test).test(name));
    if (tests.length === 0) return `no test of '${check.report}' has a name like /${check.test}/`;
    const failed = tests.find((entry) => !entry.passed);
    return failed ? `the test '${failed.name}' did not pass` : undefined;
  }
  if (!("json" in check)) return new RegExp(check.matches, "m").test(outcome.stdout) ? undefined : `nothing printed is like /${check.matches}/`;
  let printed: unknown;
  try {
    printed = JSON.parse(outcome.stdout);
  } catch {
    return "what was printed is not one JSON value";
  }
  const values = valuesAt(printed, check.json);
  if (values.length === 0) return `there is no ${check.json}`;
  const wrong = values.find((value) => !holds(check, value, printed));
  return wrong === undefined ? undefined : `${check.json} is ${JSON.stringify(wrong)}`;
}

function holds(check: Extract<Shown, { json: string }>, value: unknown, printed: unknown): boolean {
  if ("equals" in check) return value === check.equals;
  if ("length" in check) return Array.isArray(value) && value.length === check.length;
  if ("within" in check) return typeof value === "number" && value >= check.within[0] && value <= check.within[1];
  if ("matches" in check) return typeof value === "string" && new RegExp(check.matches).test(value);
  const others = valuesAt(printed, check.equalsPath);
  return value !== undefined && value !== null && others.length === 1 && others[0] === value;
}
