/** The part of snarkjs that the prover uses; the package carries no types. */
declare module "snarkjs" {
  /** A file held in memory. */
  interface MemoryFile {
    type: "mem";
    data?: Uint8Array;
  }
  /** Affine coordinates and a last 1, as decimal text; G2 as [c0, c1]. */
  interface Proof {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
  }
  const wtns: { calculate(input: Record<string, unknown>, wasm: MemoryFile, wtns: MemoryFile): Promise<void> };
  const groth16: { prove(zkey: MemoryFile, wtns: MemoryFile): Promise<{ proof: Proof; publicSignals: string[] }> };
}
