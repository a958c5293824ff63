/** What the launcher asks of the devnet process over their pipe. */
import { call } from "@zpu/ipc/rpc/contract";
import { address, jobId } from "@zpu/protocol/ids";
import { wei } from "@zpu/protocol/money";
import { z } from "zod";

const label = z.number().int().min(0).max(9);

/** How a demonstration job came out. Everything but `output` is read from the chain. */
export const outcome = z.object({
  jobId,
  /** The digit the model answered. */
  output: label,
  provider: address,
  /** The chain holds the job's JobProven event in a mined transaction, and the SDK's own verifier accepts the proof. */
  proofVerifiedOnChain: z.boolean(),
  /** What the chain credited to the provider when the job was settled; 0 where it was not. */
  paidWei: wei,
});
export type Outcome = z.infer<typeof outcome>;

export const control = {
  /** The next held-out digit with the data set's label. */
  digit: call(z.object({}), z.object({ pixels: z.instanceof(Uint8Array), label })),
  /** Submits such a digit as a job; `expected` is its label. */
  demonstrate: call(z.object({}), z.object({ jobId, expected: label, proofUrl: z.string() })),
  /** Waits until a job of the devnet's requestor is settled, at most `timeoutMs`. */
  outcome: call(z.object({ jobId, timeoutMs: z.number().int().positive() }), outcome),
  tokenBalance: call(z.object({ account: address }), z.object({ balanceWei: wei })),
};
