/** Phase 1 of a Groth16 ceremony: powers of tau, two contributions of fresh entropy and a beacon, prepared for phase 2. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { curves, powersOfTau } from "./snarkjs.ts";

/** A beacon is hashed 2^10 times before it becomes the last contribution. */
export const BEACON_ITERATIONS_EXP = 10;

/** Hears about each step of the ceremony. */
export type Progress = (step: string) => void;

/** What is published about phase 1. Hex without 0x. */
export interface Phase1 {
  readonly path: string;
  readonly sha256: string;
  readonly power: number;
  /** Names of the contributions, in the order in which they were made; the last is the beacon. */
  readonly contributions: readonly { readonly name: string; readonly hash: string }[];
  readonly beacon: string;
}

/** 64 bytes from the operating system's generator as hex; snarkjs mixes its own in. Never stored. */
export const freshEntropy = (): string => randomBytes(64).toString("hex");

/** `bytes` as hex without 0x. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** SHA-256 of a file as hex without 0x. */
export const fileSha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** snarkjs keeps its worker threads alive for ever; this ends them. */
export async function endThreads(): Promise<void> {
  await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
}

/**
 * Prepared powers of tau for circuits of up to 2^`power` constraints, made in `directory` where they are not there yet (2^14 takes
 * minutes). `beacon` gives 32 bytes as hex and is asked only after the last contribution, so that no contributor knows it before.
 */
export async function preparedPowersOfTau(power: number, directory: string, beacon: () => string, progress: Progress): Promise<Phase1> {
  const path = join(directory, `powers-of-tau-${power}.ptau`);
  const record = `${path}.json`;
  if (existsSync(path) && existsSync(record)) {
    const known = JSON.parse(readFileSync(record, "utf8")) as Phase1;
    if (known.sha256 === fileSha256(path)) {
      progress(`phase 1: kept from an earlier run (${path})`);
      return { ...known, path };
    }
    progress("phase 1: the kept file is damaged, made anew");
  }
  mkdirSync(directory, { recursive: true });
  const step = (name: string) => join(directory, `powers-of-tau-${power}.${process.pid}.${name}.ptau`);
  const files = { initial: step("initial"), first: step("first"), second: step("second"), last: step("beacon"), prepared: step("prepared") };
  try {
    progress(`phase 1: new accumulator of 2^${power}`);
    const curve = await curves.getCurveFromName("bn128");
    await powersOfTau.newAccumulator(curve, power, files.initial);
    const contributions: { name: string; hash: string }[] = [];
    const made = (name: string, hash: Uint8Array) => contributions.push({ name, hash: hex(hash) });
    progress("phase 1: first contribution");
    made("first", await powersOfTau.contribute(files.initial, files.first, "first", freshEntropy()));
    progress("phase 1: second contribution");
    made("second", await powersOfTau.contribute(files.first, files.second, "second", freshEntropy()));
    progress("phase 1: beacon");
    const beaconHex = beacon();
    made("beacon", await powersOfTau.beacon(files.second, files.last, "beacon", beaconHex, BEACON_ITERATIONS_EXP));
    progress("phase 1: Lagrange form for phase 2 (the longest step)");
    await powersOfTau.preparePhase2(files.last, files.prepared);
    progress("phase 1: verification");
    if (!(await powersOfTau.verify(files.prepared))) throw new Error("the powers of tau do not verify");
    const phase1: Phase1 = { path, sha256: fileSha256(files.prepared), power, contributions, beacon: beaconHex };
    renameSync(files.prepared, path);
    writeFileSync(record, `${JSON.stringify({ ...phase1, path: undefined }, null, 2)}\n`);
    return phase1;
  } finally {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  }
}
