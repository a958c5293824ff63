/** What the command line says: sentences for a person, JSON for a program, errors with their remedy in both. */
import { describeError, type ZpuError } from "@zpu/protocol/errors";
import { toHex } from "@zpu/protocol/ids";

/** JSON of anything a command answers: bigint as decimal text, bytes as hex. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item instanceof Uint8Array ? toHex(item) : item));

/** An error for a person: the sentence, then what to do. */
export function errorText(error: ZpuError): string {
  const { sentence, remedy } = describeError(error.toRecord());
  return `${sentence}\n${remedy}`;
}

/** An error for a program: code, facts, and both sentences. */
export function errorJson(error: ZpuError): string {
  const { sentence, remedy } = describeError(error.toRecord());
  return jsonText({ error: { code: error.code, facts: error.facts, sentence, remedy } });
}

/** Writes one line to standard output. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

const two = (value: number): string => String(value).padStart(2, "0");

/** A moment in this machine's time, as the pages write it: 10:41:57. */
export function clockText(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A moment with its day, as the pages write it: 2026-11-20 10:41:57. */
export function dateText(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockText(atMs)}`;
}

/** Rows as aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n"); // prettier-ignore
}
