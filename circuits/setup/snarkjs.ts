/** The part of snarkjs that the ceremony and its tests use, with types. */
import * as untyped from "snarkjs";

/** A file path, or a file held in memory. */
export type SnarkjsFile = string | { readonly type: "mem"; readonly data: Uint8Array };

/** A proof as snarkjs writes it: decimal strings, projective coordinates. */
export interface SnarkjsProof {
  pi_a: string[];
  pi_b: string[][];
  pi_c: string[];
  protocol: string;
  curve: string;
}

interface Curve {
  terminate(): Promise<void>;
}

interface Curves {
  getCurveFromName(name: "bn128"): Promise<Curve>;
}

/** A contribution resolves to its hash. */
interface Contributions {
  contribute(from: string, to: string, name: string, entropy: string): Promise<Uint8Array>;
  beacon(from: string, to: string, name: string, beaconHex: string, iterationsExp: number): Promise<Uint8Array>;
}

interface PowersOfTau extends Contributions {
  newAccumulator(curve: Curve, power: number, file: string): Promise<Uint8Array>;
  preparePhase2(from: string, to: string): Promise<void>;
  verify(file: string): Promise<boolean>;
}

interface ZKey extends Contributions {
  /** Resolves to the circuit's hash, or to -1 where circuit and powers of tau do not fit. */
  newZKey(r1cs: string, powersOfTau: string, zkey: string): Promise<Uint8Array | -1>;
  verifyFromR1cs(r1cs: string, powersOfTau: string, zkey: string): Promise<boolean>;
  exportVerificationKey(zkey: string): Promise<Record<string, unknown>>;
}

interface R1cs {
  exportJson(file: string): Promise<{ nConstraints: number; nPubInputs: number; nOutputs: number }>;
}

interface Groth16 {
  prove(zkey: string, witness: SnarkjsFile): Promise<{ proof: SnarkjsProof; publicSignals: string[] }>;
  verify(vkey: unknown, publicSignals: readonly string[], proof: SnarkjsProof): Promise<boolean>;
}

export const { curves, powersOfTau, zKey, r1cs, groth16 } = untyped as unknown as {
  curves: Curves;
  powersOfTau: PowersOfTau;
  zKey: ZKey;
  r1cs: R1cs;
  groth16: Groth16;
};
