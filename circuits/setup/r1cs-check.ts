/** Checks an assignment of signals against the constraints of a circuit, one signal's constraints at a time: for tests that falsify one. */
import { BN254_ORDER } from "@zpu/proofs/field";

type Row = readonly (readonly [wire: number, coefficient: bigint])[];

/** Constraints a * b = c over sums of wires, and which constraints a wire is in. Wire 0 is the constant 1. */
export interface ConstraintSystem {
  readonly constraints: readonly (readonly [a: Row, b: Row, c: Row])[];
  readonly byWire: readonly (readonly number[])[];
  /** For each wire the number of its signal in the compiler's table of names. */
  readonly labels: readonly number[];
}

const PRIME_BYTES = 32;

/** Reads an .r1cs file (version 1, 32-byte field); throws RangeError for another. */
export function readR1cs(file: Uint8Array): ConstraintSystem {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const u32 = (at: number) => view.getUint32(at, true);
  if (u32(0) !== 0x73633172 || u32(4) !== 1) throw new RangeError("not an r1cs file");
  const sections = new Map<number, number>();
  for (let index = 0, at = 12; index < u32(8); index += 1) {
    sections.set(u32(at), at + 12);
    at += 12 + Number(view.getBigUint64(at + 4, true));
  }
  const section = (number: number): number => sections.get(number) ?? NaN;
  const header = section(1);
  if (u32(header) !== PRIME_BYTES) throw new RangeError("expected a field of 32 bytes");
  const wires = u32(header + 4 + PRIME_BYTES);
  const count = u32(header + 4 + PRIME_BYTES + 24);
  const byWire: number[][] = Array.from({ length: wires }, () => []);
  const constraints: [Row, Row, Row][] = [];
  let at = section(2);
  const row = (index: number): Row => {
    const terms: [number, bigint][] = [];
    const length = u32(at);
    at += 4;
    for (let term = 0; term < length; term += 1, at += 4 + PRIME_BYTES) {
      const wire = u32(at);
      let coefficient = 0n;
      for (let word = 3; word >= 0; word -= 1) coefficient = (coefficient << 64n) | view.getBigUint64(at + 4 + word * 8, true);
      terms.push([wire, coefficient]);
      const list = byWire[wire];
      if (list && list.at(-1) !== index) list.push(index);
    }
    return terms;
  };
  for (let index = 0; index < count; index += 1) constraints.push([row(index), row(index), row(index)]);
  const labels = Array.from({ length: wires }, (_, wire) => Number(view.getBigUint64(section(3) + wire * 8, true)));
  return { constraints, byWire, labels };
}

const missing = (wire: number): never => {
  throw new RangeError(`there is no wire ${wire}`);
};
const value = (row: Row, witness: readonly bigint[]): bigint =>
  row.reduce((sum, [wire, coefficient]) => sum + coefficient * (witness[wire] ?? missing(wire)), 0n);

/** Whether constraint `index` holds for `witness`. */
export function holds(system: ConstraintSystem, index: number, witness: readonly bigint[]): boolean {
  const constraint = system.constraints[index];
  if (!constraint) throw new RangeError(`there is no constraint ${index}`);
  const [a, b, c] = constraint;
  return (value(a, witness) * value(b, witness) - value(c, witness)) % BN254_ORDER === 0n;
}

/** Whether every constraint holds. */
export const holdsAll = (system: ConstraintSystem, witness: readonly bigint[]): boolean =>
  system.constraints.every((_, index) => holds(system, index, witness));

/** Whether the constraints that `wire` is in still hold when it has `other` for a value. */
export function survives(system: ConstraintSystem, witness: readonly bigint[], wire: number, other: bigint): boolean {
  const changed = witness.with(wire, ((other % BN254_ORDER) + BN254_ORDER) % BN254_ORDER);
  return (system.byWire[wire] ?? missing(wire)).every((index) => holds(system, index, changed));
}

/** Wire of each named signal, from the compiler's table; eliminated signals are left out. */
export function wiresByName(sym: string): Map<string, number> {
  const wires = new Map<string, number>();
  for (const line of sym.split("\n")) {
    const [, wire, , name] = line.split(",");
    if (name !== undefined && Number(wire) >= 0) wires.set(name, Number(wire));
  }
  return wires;
}
