/** The whole ceremony at 2^8 on a small circuit, and the keys that must not come out of it. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadWitnessProgram } from "@zpu/circuits/witness";
import { checkVerifyingKey, verifyGroth16 } from "@zpu/proofs/groth16";
import { proofFromSnarkjs, vkeyFromSnarkjs } from "@zpu/proofs/snarkjs-format";
import { groth16, zKey } from "./snarkjs.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exportSoundVkey, makeProvingKey, type Phase2 } from "./ceremony-steps.ts";
import { powerFor } from "./ceremony.ts";
import { compileCircom, type Compiled } from "./compile.ts";
import { endThreads, fileSha256, preparedPowersOfTau, type Phase1 } from "./powers-of-tau.ts";

/** Compiling and proving share the machine with whatever else runs on it. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const POWER = 8;
const directory = mkdtempSync(join(tmpdir(), "zpu-ceremony-"));
const r1csPath = join(directory, "small.r1cs");
const zkeyPath = join(directory, "small.zkey");
const steps: string[] = [];
const beacons: string[] = [];
const beacon = () => {
  expect(steps.at(-1)).toMatch(/beacon$/); // asked only once both contributions are made
  beacons.push(randomBytes(32).toString("hex"));
  return beacons.at(-1)!;
};

const circuit = (component: string) =>
  compileCircom(`pragma circom 2.1.0;\ninclude "gadgets.circom";\ncomponent main {public [in]} = ${component};\n`, 1);

let compiled: Compiled;
let phase1: Phase1;
let phase2: Phase2;
let vkey: Record<string, unknown>;

beforeAll(async () => {
  compiled = circuit("Requantise(12, 2)");
  writeFileSync(r1csPath, compiled.r1cs);
  phase1 = await preparedPowersOfTau(POWER, directory, beacon, (step) => steps.push(step));
  ({ phase2, vkey } = await makeProvingKey(r1csPath, phase1, zkeyPath, beacon, (step) => steps.push(step)));
});

afterAll(async () => {
  await endThreads();
  rmSync(directory, { recursive: true, force: true });
});

describe("the ceremony", () => {
  it("makes a key with two contributions and a beacon in each phase, and publishes their hashes", () => {
    expect(phase1.contributions.map(({ name }) => name)).toEqual(["first", "second", "beacon"]);
    expect(phase2.contributions.map(({ name }) => name)).toEqual(["first", "second", "beacon"]);
    expect([phase1.beacon, phase2.beacon]).toEqual(beacons);
    const hashes = [...phase1.contributions, ...phase2.contributions].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(6);
    expect(hashes.every((hash) => /^[0-9a-f]{128}$/.test(hash))).toBe(true);
    expect(phase1.sha256).toBe(fileSha256(phase1.path));
    expect(checkVerifyingKey(vkeyFromSnarkjs(vkey))).toEqual({ ok: true });
  });

  it("leaves nothing of its intermediate steps behind", () => {
    expect(readdirSync(directory).sort()).toEqual(["powers-of-tau-8.ptau", "powers-of-tau-8.ptau.json", "small.r1cs", "small.zkey"]);
  });

  it("makes a key that proves what is true and nothing else", async () => {
    const program = await loadWitnessProgram(new Uint8Array(compiled.wasm));
    const { proof, publicSignals } = await groth16.prove(zkeyPath, { type: "mem", data: program.calculate({ in: 77 }) });
    expect(publicSignals).toEqual(["19", "77"]); // output first, then input: round(77 / 4)
    const ours = (signals: readonly bigint[]) => verifyGroth16(vkeyFromSnarkjs(vkey), signals, proofFromSnarkjs(proof)).ok;
    expect(ours([19n, 77n])).toBe(true);
    expect(await groth16.verify(vkey, publicSignals, proof)).toBe(true);
    expect(ours([20n, 77n])).toBe(false);
    expect(ours([19n, 76n])).toBe(false);
  });

  it("keeps its powers of tau for the next run, unless they are damaged", async () => {
    const told: string[] = [];
    expect(await preparedPowersOfTau(POWER, directory, beacon, (step) => told.push(step))).toEqual(phase1);
    expect(told).toHaveLength(1);
  });

  it("refuses a key without a contribution: its gamma is its delta", async () => {
    const bare = join(directory, "bare.zkey");
    await zKey.newZKey(r1csPath, phase1.path, bare);
    const exported = await zKey.exportVerificationKey(bare);
    expect(exported.vk_gamma_2).toEqual(exported.vk_delta_2);
    expect(checkVerifyingKey(vkeyFromSnarkjs(exported))).toEqual({
      ok: false,
      reason: "the verifying key has gamma equal to delta: anyone could forge",
    });
    await expect(exportSoundVkey(bare)).rejects.toThrow("gamma equal to delta");
    rmSync(bare);
  });

  it("does not verify a key against another circuit, or a damaged key", async () => {
    const other = join(directory, "other.r1cs");
    writeFileSync(other, circuit("Requantise(12, 3)").r1cs);
    expect(await zKey.verifyFromR1cs(other, phase1.path, zkeyPath)).toBe(false);
    const damaged = join(directory, "damaged.zkey");
    const bytes = readFileSync(zkeyPath);
    bytes[bytes.length - 200]! ^= 1;
    writeFileSync(damaged, bytes);
    expect(await zKey.verifyFromR1cs(r1csPath, phase1.path, damaged).catch(() => false)).toBe(false);
    rmSync(other);
    rmSync(damaged);
  });

  it("leaves no key where the circuit does not fit the powers of tau", async () => {
    const large = join(directory, "large.r1cs");
    writeFileSync(large, compileCircom(`pragma circom 2.1.0;\ninclude "gadgets.circom";\ncomponent main = Hash(4);\n`, 1).r1cs);
    const target = join(directory, "large.zkey");
    await expect(makeProvingKey(large, phase1, target, beacon, () => undefined)).rejects.toThrow("does not fit");
    expect(existsSync(target)).toBe(false);
    rmSync(large);
  });

  it("counts a row for each constraint, each public signal and the constant", () => {
    expect([powerFor(252, 3), powerFor(253, 3), powerFor(16_380, 3), powerFor(16_381, 3)]).toEqual([8, 9, 14, 15]);
  });
});
