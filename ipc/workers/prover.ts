/** What core asks of a prover process. */
import { bytes32 } from "@zpu/protocol/ids";
import { groth16Proof } from "@zpu/protocol/job";
import { z } from "zod";
import { call } from "../rpc/contract.ts";

export const prover = {
  /** Reads witness program and zkey after checking their SHA-256. */
  load: call(
    z.object({
      witnessPath: z.string(),
      witnessSha256: bytes32,
      zkeyPath: z.string(),
      zkeySha256: bytes32,
      vkeyPath: z.string(),
      vkeySha256: bytes32,
    }),
    z.object({}),
  ),
  /**
   * Proves that `output` is what the model gives on `input` (784 bytes); PROOF_INVALID where it is not. Salts and context are field
   * elements < r. Public signals come back in the order [inputCommitment, outputCommitment, context]; the proof is verified before it
   * is returned.
   */
  prove: call(
    z.object({
      input: z.instanceof(Uint8Array),
      output: z.array(z.number().int()).length(10),
      inputSalt: z.bigint(),
      outputSalt: z.bigint(),
      context: z.bigint(),
    }),
    z.object({
      proof: groth16Proof,
      publicSignals: z.tuple([z.bigint(), z.bigint(), z.bigint()]),
      ms: z.object({ witness: z.number(), prove: z.number(), verify: z.number() }),
    }),
  ),
};
