/** The claims ledger: what claims.json may hold, and how a quote is compared with the document it comes from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const ROOT = join(import.meta.dirname, "..", "..");
export const LEDGER_FILE = join(ROOT, "claims.json");
/** The two documents that make the claims; each stands beside the repository as `<source>.txt` where it is available at all. */
export const SOURCES = ["nzidia-zpu-network", "ciro-network"] as const;
export type Source = (typeof SOURCES)[number];

const pattern = z
  .string()
  .min(1)
  .refine((text) => {
    try {
      return new RegExp(text, "m").source.length > 0;
    } catch {
      return false;
    }
  }, "not a regular expression");

/**
 * What in a command's output shows the claim:
 * `matches` a regular expression over what it printed;
 * `json` a path into the JSON it printed (`*` stands for every element) with exactly one condition;
 * `report` the named stage of the test command, with a regular expression over names of tests that must have passed.
 */
export const shown = z.union([
  z.strictObject({ matches: pattern }),
  z.strictObject({ json: z.string().min(1), equals: z.union([z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ json: z.string().min(1), length: z.number().int().positive() }),
  z.strictObject({ json: z.string().min(1), within: z.tuple([z.number(), z.number()]) }),
  z.strictObject({ json: z.string().min(1), matches: pattern }),
  z.strictObject({ json: z.string().min(1), equalsPath: z.string().min(1) }),
  z.strictObject({ report: z.string().min(1), test: pattern }),
]);
export type Shown = z.infer<typeof shown>;

/** Only commands of this repository, without a shell: `npm test -- stage` or `npm run -s script -- arguments`. */
const command = z.string().regex(/^npm (?:test|run -s [a-z][a-z-]*)(?: --(?: [\w-]+)+)?$/, "not an npm command of this repository");
const shows = z.array(shown).min(1);
const text = z.string().min(10);
const origin = {
  id: z.string().regex(/^(?:nz|ciro)-[a-z]+-\d+$/),
  source: z.enum(SOURCES),
  section: z.string().min(1),
  kind: z.enum(["claim", "formula", "snippet", "row", "figure"]),
  quote: z.string().trim().min(4),
};

/** One claim. Delivered: a command shows it. Partial: what is there and what is not. Deferred: to which milestone, or refused and why. */
export const claim = z.discriminatedUnion("status", [
  z.strictObject({ ...origin, status: z.literal("delivered"), command, shows, what: text.optional() }),
  z
    .strictObject({ ...origin, status: z.literal("partial"), what: text, command: command.optional(), shows: shows.optional() })
    .refine((entry) => (entry.command === undefined) === (entry.shows === undefined), "a command needs a check and a check needs a command"),
  z.strictObject({
    ...origin,
    status: z.literal("deferred"),
    reason: z.string().regex(/^(?:refused|desktop shell|engine|settlement|network and SDK|proving): .{10,}/s, "names no milestone and no refusal"),
  }),
]);
export type Claim = z.infer<typeof claim>;

const manifest = z.object({ scripts: z.record(z.string(), z.string()) });

/** The ledger, checked whole; throws an Error that names every entry at fault. */
export function readLedger(file = LEDGER_FILE): Claim[] {
  const parsed = z
    .array(claim)
    .min(1)
    .safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const { scripts } = manifest.parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  const faults = parsed.data.flatMap((entry) => entryFaults(entry, scripts));
  const seen = new Set<string>();
  for (const { id } of parsed.data) {
    if (seen.has(id)) faults.push(`${id}: the id stands twice`);
    seen.add(id);
  }
  if (faults.length > 0) throw new Error(`${file}:\n${faults.join("\n")}`);
  return parsed.data;
}

function entryFaults(entry: Claim, scripts: Readonly<Record<string, string>>): string[] {
  if (entry.status === "deferred" || entry.command === undefined) return [];
  const { command, id } = entry;
  const script = /^npm run -s ([a-z-]+)/.exec(command)?.[1] ?? "test";
  const faults = script in scripts ? [] : [`${id}: there is no script '${script}'`];
  for (const check of entry.shows ?? []) {
    if ("report" in check && command !== `npm test -- ${check.report}`)
      faults.push(`${id}: the report '${check.report}' is not written by '${command}'`);
  }
  return faults;
}

const DECORATION = /[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u2500-\u259F\uFE0F\u200D\u20E3\uFFFD]/gu;

/** `text` without what carries no meaning: emoji, broken characters, bars, Markdown marks, table rules and all white space. */
export function normalise(text: string): string {
  return text
    .normalize("NFC")
    .replace(/#\uFFFD?\u20E3/g, "")
    .replace(DECORATION, "")
    .replace(/<br\/>/g, "")
    .replace(/\*\*/g, "")
    .replace(/[–—]/g, "-")
    .replace(/[“”]/g, '"')
    .replace(/[|`\s]/g, "");
}
