/** What the owner may see and ask about jobs. */
import { errorRecord } from "@zpu/protocol/errors";
import { address, bytes32, jobId, modelId, txHash } from "@zpu/protocol/ids";
import { evidenceKind, jobState } from "@zpu/protocol/job";
import { wei } from "@zpu/protocol/money";
import { z } from "zod";
import { call, slice } from "../rpc/contract.ts";

/** One step a job has taken. `tx` where it was a transaction. */
export const jobEvent = z.object({ state: jobState, atMs: z.number(), tx: txHash.optional(), error: errorRecord.optional() });

/** A job as the owner sees it. */
export const jobView = z.object({
  jobId,
  requestor: address,
  modelId,
  modelName: z.string(),
  priceWei: wei,
  state: jobState,
  evidence: evidenceKind,
  receivedAtMs: z.number(),
  deadlineMs: z.number(),
  events: z.array(jobEvent),
  /** Milliseconds of each stage that has run. */
  stagesMs: z.object({
    run: z.number().optional(),
    witness: z.number().optional(),
    prove: z.number().optional(),
    verify: z.number().optional(),
    settle: z.number().optional(),
  }),
  /** Input as 784 grey values 0 to 255, row by row (28 x 28, white on black), once opened. */
  pixels: z.instanceof(Uint8Array).optional(),
  /** The answer: arg max of the ten outputs, lowest index first. */
  digit: z.number().int().min(0).max(9).optional(),
  logits: z.array(z.number().int()).length(10).optional(),
  /** The data set's label, where the requestor told it (devnet demonstration only). */
  label: z.number().int().min(0).max(9).optional(),
  outputCommitment: bytes32.optional(),
  receipt: z.object({ engine: z.string(), profile: z.string(), countersigned: z.boolean() }).optional(),
  error: errorRecord.optional(),
});
export type JobView = z.infer<typeof jobView>;

/** So many jobs are listed, the newest; and besides them so many offers that were never posted, so that those crowd out no job. */
export const LISTED_JOBS = 200;
export const LISTED_OFFERS = 50;
/** Newest first. */
export const jobList = z.array(jobView).max(LISTED_JOBS + LISTED_OFFERS);

/** An answer to a digit asked from the screen; `jobId` leads to its row. */
export const askInput = z.object({
  pixels: z.instanceof(Uint8Array).refine((value) => value.length === 784, "expected 784 grey values"),
  label: z.number().int().min(0).max(9).optional(),
});
export const askOutput = z.object({ jobId, proofUrl: z.string() });

export const jobs = {
  list: slice(jobList),
  get: call(z.object({ jobId }), jobView),
  /** Devnet only: passes the digit to the devnet's requestor, which posts a paid job that comes back here over libp2p. */
  ask: call(askInput, askOutput),
};
