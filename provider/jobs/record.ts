/** A job as the journal keeps it: everything needed to go on from its state after a sudden end, and nothing else. */
import { errorRecord } from "@zpu/protocol/errors";
import { address, bytes32, hexBytes, jobId, txHash } from "@zpu/protocol/ids";
import { groth16Proof, jobSpec, jobState, type JobState } from "@zpu/protocol/job";
import { wei } from "@zpu/protocol/money";
import { profile } from "@zpu/protocol/receipt";
import { z } from "zod";

/** What the model gave. The salt is drawn once and kept, so that a repeated proof commits to the same output. Times in Unix ms. */
export const jobRun = z.object({
  logits: z.array(z.number().int()).length(10),
  outputSalt: z.bigint(),
  outputCommitment: bytes32,
  engine: z.string(),
  profile,
  startedAtMs: z.number().int(),
  finishedAtMs: z.number().int(),
});
export type JobRun = z.infer<typeof jobRun>;

/** Milliseconds of each stage that has run. */
export const stagesMs = z.object({
  run: z.number().optional(),
  witness: z.number().optional(),
  prove: z.number().optional(),
  verify: z.number().optional(),
  settle: z.number().optional(),
});

/** What may be added to a job while it goes its way. */
export const jobFacts = z.object({
  requestor: address,
  nonce: wei,
  spec: jobSpec,
  modelName: z.string(),
  /** X25519 key that the output is sealed to. */
  replyKey: bytes32,
  /** SHA-256 of the input's blob (784 bytes). */
  inputBlob: bytes32,
  inputSalt: z.bigint(),
  postedTx: txHash.optional(),
  /** The chain has shown the escrow. */
  seenOnChain: z.literal(true).optional(),
  run: jobRun.optional(),
  proof: groth16Proof.optional(),
  receiptSignature: hexBytes.optional(),
  countersignature: hexBytes.optional(),
  stagesMs,
  error: errorRecord.optional(),
});
export type JobFacts = z.infer<typeof jobFacts>;

/** One step, as it was recorded. */
export const recordedEvent = z.object({ state: jobState, atMs: z.number().int(), tx: txHash.optional(), error: errorRecord.optional() });
export type RecordedEvent = z.infer<typeof recordedEvent>;

export const jobRecord = z.object({ jobId, state: jobState, receivedAtMs: z.number().int(), facts: jobFacts, events: z.array(recordedEvent) });
export type JobRecord = z.infer<typeof jobRecord>;

/** States in which the job holds one of the node's places: from the acceptance on its way to the end. */
export const WORKING_STATES: readonly JobState[] = ["accepting", "accepted", "executed", "proven", "submitting", "verified", "settling"];

/** Whether nothing has shown so far that the escrow was ever on the chain: the job is an offer, or ended as one. */
export function neverPosted({ facts, events }: JobRecord): boolean {
  return facts.postedTx === undefined && facts.seenOnChain !== true && !events.some(({ state }) => WORKING_STATES.includes(state));
}
