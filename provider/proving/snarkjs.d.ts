/** The part of snarkjs that the prover uses; the package carries no types. */
declare module "snarkjs" {
  /** A file held in memory. */
  interface MemoryFile {
    type: "mem";
    data: Uint8Array;
  }
  const groth16: { prove(zkey: MemoryFile, wtns: MemoryFile): Promise<{ proof: unknown; publicSignals: string[] }> };
}
