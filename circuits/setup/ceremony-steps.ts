/** Phase 2 of a Groth16 ceremony: the proving key of one circuit, with two contributions of fresh entropy and a beacon, verified. */
import { rmSync } from "node:fs";
import { checkVerifyingKey } from "@zpu/proofs/groth16";
import { vkeyFromSnarkjs } from "@zpu/proofs/snarkjs-format";
import { zKey } from "./snarkjs.ts";
import { BEACON_ITERATIONS_EXP, freshEntropy, hex, type Phase1, type Progress } from "./powers-of-tau.ts";

/** What is published about phase 2. Hex without 0x. */
export interface Phase2 {
  /** Names of the contributions, in the order in which they were made; the last is the beacon. */
  readonly contributions: readonly { readonly name: string; readonly hash: string }[];
  readonly beacon: string;
}

/** The verifying key of a .zkey in snarkjs' JSON; throws Error where it must not be used (no contribution: gamma is delta). */
export async function exportSoundVkey(zkeyPath: string): Promise<Record<string, unknown>> {
  const vkey = await zKey.exportVerificationKey(zkeyPath);
  const verdict = checkVerifyingKey(vkeyFromSnarkjs(vkey));
  if (!verdict.ok) throw new Error(`this key must not be used: ${verdict.reason}`);
  return vkey;
}

/**
 * Makes `zkeyPath` for the circuit in `r1csPath` on prepared powers of tau; returns what is published and the verifying key. Throws Error
 * where a check fails; nothing is left at `zkeyPath` then. `beacon` is asked only after the last contribution.
 */
export async function makeProvingKey(
  r1csPath: string,
  phase1: Phase1,
  zkeyPath: string,
  beacon: () => string,
  progress: Progress,
): Promise<{ phase2: Phase2; vkey: Record<string, unknown> }> {
  const files = { initial: `${zkeyPath}.initial`, first: `${zkeyPath}.first`, second: `${zkeyPath}.second` };
  try {
    progress("phase 2: proving key without contributions");
    if ((await zKey.newZKey(r1csPath, phase1.path, files.initial)) === -1) throw new Error("the circuit does not fit the powers of tau");
    const contributions: { name: string; hash: string }[] = [];
    const made = (name: string, hash: Uint8Array) => contributions.push({ name, hash: hex(hash) });
    progress("phase 2: first contribution");
    made("first", await zKey.contribute(files.initial, files.first, "first", freshEntropy()));
    progress("phase 2: second contribution");
    made("second", await zKey.contribute(files.first, files.second, "second", freshEntropy()));
    progress("phase 2: beacon");
    const beaconHex = beacon();
    made("beacon", await zKey.beacon(files.second, zkeyPath, "beacon", beaconHex, BEACON_ITERATIONS_EXP));
    progress("phase 2: zkey verify");
    if (!(await zKey.verifyFromR1cs(r1csPath, phase1.path, zkeyPath))) throw new Error("the proving key does not verify");
    return { phase2: { contributions, beacon: beaconHex }, vkey: await exportSoundVkey(zkeyPath) };
  } catch (error) {
    rmSync(zkeyPath, { force: true });
    throw error;
  } finally {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  }
}
