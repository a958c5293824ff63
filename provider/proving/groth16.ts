/** The one door to snarkjs: Groth16 over BN254 with witness program and proving key kept in memory between proofs. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { loadWitnessProgram } from "@zpu/circuits/witness";
import { commitInput, commitOutput } from "@zpu/proofs/commitment";
import { verifyGroth16 } from "@zpu/proofs/groth16";
import { proofFromSnarkjs, vkeyFromSnarkjs } from "@zpu/proofs/snarkjs-format";
import { ZpuError } from "@zpu/protocol/errors";
import type { Groth16Proof } from "@zpu/protocol/job";
import * as untyped from "snarkjs";

/** A file held in memory. */
interface MemoryFile {
  readonly type: "mem";
  readonly data: Uint8Array;
}
const { groth16 } = untyped as unknown as {
  groth16: { prove(zkey: MemoryFile, wtns: MemoryFile): Promise<{ proof: unknown; publicSignals: string[] }> };
};

/** Paths of the artifacts and the SHA-256 (0x-hex) that each must have. */
export interface ProverFiles {
  readonly witnessPath: string;
  readonly witnessSha256: string;
  readonly zkeyPath: string;
  readonly zkeySha256: string;
  readonly vkeyPath: string;
  readonly vkeySha256: string;
}

/** What is to be proven: `output` is what the model gives on `input`. Salts and context are field elements. */
export interface Statement {
  readonly input: Uint8Array;
  readonly output: readonly number[];
  readonly inputSalt: bigint;
  readonly outputSalt: bigint;
  readonly context: bigint;
}

export interface Prover {
  /** Times are milliseconds. PROOF_INVALID where the statement is false or the finished proof does not verify. */
  prove(
    statement: Statement,
  ): Promise<{ proof: Groth16Proof; publicSignals: [bigint, bigint, bigint]; ms: { witness: number; prove: number; verify: number } }>;
}

async function readChecked(path: string, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(path);
  const actual = `0x${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual !== sha256) throw new ZpuError("MODEL_HASH_MISMATCH", { model: path, actual });
  return Uint8Array.from(bytes);
}

/** Reads the artifacts once; MODEL_HASH_MISMATCH where one is not the file it should be. */
export async function loadProver(files: ProverFiles): Promise<Prover> {
  const program = await loadWitnessProgram(await readChecked(files.witnessPath, files.witnessSha256));
  const provingKey = await readChecked(files.zkeyPath, files.zkeySha256);
  const vkey = vkeyFromSnarkjs(JSON.parse(new TextDecoder().decode(await readChecked(files.vkeyPath, files.vkeySha256))));
  return {
    async prove({ input, output, inputSalt, outputSalt, context }) {
      const publicSignals: [bigint, bigint, bigint] = [commitInput(input, inputSalt), commitOutput([...output], outputSalt), context];
      const [inputCommitment, outputCommitment] = publicSignals;
      const startedMs = performance.now();
      let witness: Uint8Array;
      try {
        witness = program.calculate({ inputCommitment, outputCommitment, context, pixels: Array.from(input), inputSalt, outputSalt });
      } catch (error) {
        throw new ZpuError("PROOF_INVALID", { detail: "the output is not what the circuit gives on this input" }, error);
      }
      const witnessMs = performance.now();
      const made = await groth16.prove({ type: "mem", data: provingKey }, { type: "mem", data: witness });
      const provedMs = performance.now();
      const { a, b, c } = proofFromSnarkjs(made.proof);
      const proof: Groth16Proof = { a: [...a], b: [[...b[0]], [...b[1]]], c: [...c] };
      if (made.publicSignals.some((signal, index) => BigInt(signal) !== publicSignals[index])) {
        throw new ZpuError("PROOF_INVALID", { detail: "it was made for other public signals" });
      }
      const verdict = verifyGroth16(vkey, publicSignals, proof);
      if (!verdict.ok) throw new ZpuError("PROOF_INVALID", { detail: verdict.reason });
      return { proof, publicSignals, ms: { witness: witnessMs - startedMs, prove: provedMs - witnessMs, verify: performance.now() - provedMs } };
    },
  };
}
