/** A job as the owner sees it, from what the journal holds. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { JobRecord } from "./record.ts";

/** Arg max of the outputs, lowest index first. */
export function digitOf(logits: readonly number[]): number {
  let best = 0;
  logits.forEach((value, index) => {
    if (value > (logits[best] ?? -Infinity)) best = index;
  });
  return best;
}

/** What goes with a record that the record itself does not hold. */
export interface ViewExtras {
  readonly pixels: Uint8Array<ArrayBuffer> | undefined;
  readonly label: number | undefined;
}

/** The view of `job`; evidence is `zk` from the moment the chain has verified the proof, as long as it has not taken that back. */
export function jobView(job: JobRecord, { pixels, label }: ViewExtras): JobView {
  const { facts, events } = job;
  const verified = events.findLast(({ state }) => state === "verified" || state === "submitting")?.state === "verified";
  return {
    jobId: job.jobId,
    requestor: facts.requestor,
    modelId: facts.spec.modelId,
    modelName: facts.modelName,
    priceWei: facts.spec.priceWei,
    state: job.state,
    evidence: verified ? "zk" : "receipt",
    receivedAtMs: job.receivedAtMs,
    deadlineMs: facts.spec.deadline * 1000,
    events: events.map((event) => ({ ...event })),
    stagesMs: facts.stagesMs,
    ...(pixels ? { pixels } : {}),
    ...(facts.run ? { logits: facts.run.logits, digit: digitOf(facts.run.logits), outputCommitment: facts.run.outputCommitment } : {}),
    ...(label === undefined ? {} : { label }),
    ...(facts.run && facts.receiptSignature
      ? { receipt: { engine: facts.run.engine, profile: facts.run.profile, countersigned: facts.countersignature !== undefined } }
      : {}),
    ...(facts.error ? { error: facts.error } : {}),
  };
}
