/** The part of snarkjs and of its neighbours that the ceremony and its tests use; the packages carry no types. */
declare module "snarkjs" {
  interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }
  interface Curve {
    terminate(): Promise<void>;
  }
  /** A file path, or a file held in memory. */
  type File = string | { type: "mem"; data?: Uint8Array };
  interface Proof {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
    protocol: string;
    curve: string;
  }

  const curves: { getCurveFromName(name: string): Promise<Curve> };
  const powersOfTau: {
    newAccumulator(curve: Curve, power: number, file: File, logger?: Logger): Promise<Uint8Array>;
    contribute(from: File, to: File, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    beacon(from: File, to: File, name: string, beaconHex: string, iterationsExp: number, logger?: Logger): Promise<Uint8Array>;
    preparePhase2(from: File, to: File, logger?: Logger): Promise<void>;
    verify(file: File, logger?: Logger): Promise<boolean>;
  };
  const zKey: {
    /** Resolves to the circuit's hash, or to -1 where circuit and ptau do not fit. */
    newZKey(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<Uint8Array | -1>;
    contribute(from: File, to: File, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    beacon(from: File, to: File, name: string, beaconHex: string, iterationsExp: number, logger?: Logger): Promise<Uint8Array>;
    verifyFromR1cs(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
    exportVerificationKey(zkey: File, logger?: Logger): Promise<Record<string, unknown>>;
  };
  const r1cs: {
    exportJson(file: File, logger?: Logger): Promise<{ nConstraints: number; nVars: number; nPubInputs: number; nOutputs: number }>;
  };
  const wtns: {
    calculate(input: Record<string, unknown>, wasm: File, wtns: File): Promise<void>;
    check(r1cs: File, wtns: File, logger?: Logger): Promise<boolean>;
    exportJson(file: File): Promise<bigint[]>;
  };
  const groth16: {
    prove(zkey: File, wtns: File, logger?: Logger): Promise<{ proof: Proof; publicSignals: string[] }>;
    fullProve(input: Record<string, unknown>, wasm: File, zkey: File): Promise<{ proof: Proof; publicSignals: string[] }>;
    verify(vkey: unknown, publicSignals: readonly string[], proof: Proof, logger?: Logger): Promise<boolean>;
  };
}
