/** Compares the ledger with the documents themselves, where they are at hand: each quote occurs, and no line that claims something is left out. */
import { normalise, type Claim } from "./ledger.ts";

/** Ids of `entries` whose quote does not occur in `document`. */
export function notQuoted(entries: readonly Claim[], document: string): string[] {
  const text = normalise(document);
  return entries.filter((entry) => !text.includes(normalise(entry.quote))).map((entry) => entry.id);
}

/** A list mark, a quotation mark, an underscore: what may stand around a quote on its line. */
const MARKS = /^(?:[->•]|\d\.)?[_"]*$/;

/** Lines of `document` that no quote covers, normalised; the lines of `silent` (headings, drawing instructions) are expected. */
export function leftOut(entries: readonly Claim[], document: string, silent: ReadonlySet<string>): string[] {
  const text = normalise(document);
  const covered = new Uint8Array(text.length);
  for (const entry of entries) {
    const quote = normalise(entry.quote);
    for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) covered.fill(1, at, at + quote.length);
  }
  const missing: string[] = [];
  let from = 0;
  for (const line of document.split("\n").map(normalise)) {
    const bare = [...covered.subarray(from, from + line.length)].map((mark, index) => (mark ? "" : (line[index] ?? ""))).join("");
    from += line.length;
    if (!MARKS.test(bare) && !silent.has(line)) missing.push(line);
  }
  return missing;
}
