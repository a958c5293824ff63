/** The provider's side of the job and receipt streams: admission at the door, then every recorded step is told to whoever listens. */
import { ZpuError } from "@zpu/protocol/errors";
import { bytes32, type Address, type JobId } from "@zpu/protocol/ids";
import { isTerminal } from "@zpu/protocol/job";
import type { JobReply, JobRequest, ReceiptMessage, ReceiptReply, Sealed, SealedTensor } from "@zpu/protocol/messages";
import type { Receipt } from "@zpu/protocol/receipt";
import type { Blobs } from "../base/blobs.ts";
import type { Journal } from "../base/journal.ts";
import type { JobRecord } from "../jobs/record.ts";
import type { Runner } from "../jobs/runner.ts";
import { receiptOf } from "../jobs/steps.ts";
import type { Ports } from "../ports.ts";
import { admit, checkAuthor, type AdmissionContext, type Offer, type OpenedInput } from "./admission.ts";

/** What a session needs of the rest of the node. */
export interface SessionParts {
  readonly journal: Journal;
  readonly blobs: Blobs;
  readonly runner: Pick<Runner, "posted" | "cancel" | "steps">;
  /** The node as it is now; may take a moment to look (disk, registry). */
  admissionContext(): Promise<AdmissionContext>;
  /** Sends on a stream; throws PEER_UNREACHABLE where it is gone. */
  reply(channelId: number, reply: JobReply, last: boolean): Promise<void>;
  sealOutput(job: { jobId: JobId; requestor: Address; provider: Address; replyKey: string; tensor: SealedTensor }): Promise<Sealed>;
  /** Who signed this receipt (EIP-712); undefined where the signature is malformed. */
  recoverReceiptSigner(receipt: Receipt, signature: string): Address | undefined;
  readonly now: Ports["now"];
  readonly log: Ports["log"];
  /** Hears that a write failed for want of room. */
  diskFull(): void;
  /** An offer was admitted: a good moment to get the processes ready. */
  admitted?(): void;
}

export interface JobSessions {
  /** A message of a job stream; what goes wrong is answered on the stream. */
  request(channelId: number, request: JobRequest, input: OpenedInput | undefined): Promise<void>;
  ended(channelId: number): void;
  receipt(message: ReceiptMessage): ReceiptReply;
  /** Every stream is gone: the network process has ended. */
  reset(): void;
  stop(): void;
}

/** The ten outputs as tensor bytes: int32, little-endian. */
export function outputBytes(logits: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(logits.length * 4);
  const view = new DataView(bytes.buffer);
  logits.forEach((value, index) => view.setInt32(index * 4, value, true));
  return bytes;
}

/** Makes the sessions of a node. */
export function createJobSessions(parts: SessionParts): JobSessions {
  const { journal, runner, now, log } = parts;
  /** One stream per job hears of it: the latest that showed it is the requestor's. */
  const listening = new Map<JobId, { channelId: number; resultSent: boolean }>();
  /** Replies of a stream leave in the order in which they were decided. */
  const outgoing = new Map<number, Promise<void>>();

  const send = (channelId: number, make: () => JobReply | Promise<JobReply>, last = false): void => {
    const before = outgoing.get(channelId) ?? Promise.resolve();
    const sent = before.then(async () => parts.reply(channelId, await make(), last));
    outgoing.set(
      channelId,
      sent.catch((error: unknown) => {
        log("warn", `a reply was not delivered: ${ZpuError.wrap(error).message}`, { channelId });
      }),
    );
  };

  const resultReply = async (job: JobRecord): Promise<JobReply> => {
    const { run, proof, receiptSignature, spec, requestor, replyKey } = job.facts;
    if (!run || !proof || !receiptSignature) throw new ZpuError("INTERNAL", { detail: "the result is not complete" });
    const salt = bytes32.parse(`0x${run.outputSalt.toString(16).padStart(64, "0")}`);
    const output = await parts.sealOutput({
      jobId: job.jobId,
      requestor,
      provider: spec.provider,
      replyKey,
      tensor: { data: outputBytes(run.logits), salt },
    });
    return {
      type: "result",
      jobId: job.jobId,
      output,
      outputCommitment: run.outputCommitment,
      proof,
      receipt: { receipt: receiptOf(job, run), signature: receiptSignature },
    };
  };

  /** Tells the stream of a job where it stands; `event` of its last step. */
  const tell = (job: JobRecord): void => {
    const listener = listening.get(job.jobId);
    if (!listener) return;
    const event = job.events.at(-1);
    if (event && job.state !== "offered") {
      send(listener.channelId, () => ({
        type: "progress",
        jobId: job.jobId,
        state: job.state,
        atMs: event.atMs,
        ...(event.tx ? { tx: event.tx } : {}),
      }));
    }
    if (job.facts.receiptSignature !== undefined && !listener.resultSent) {
      listener.resultSent = true;
      send(listener.channelId, () => resultReply(job));
    }
    if (isTerminal(job.state)) {
      listening.delete(job.jobId);
      const { error } = job.facts;
      send(
        listener.channelId,
        () => ({ type: "ended", jobId: job.jobId, state: job.state, ...(error && job.state !== "paid" ? { error } : {}) }),
        true,
      );
    }
  };
  const unsubscribe = runner.steps.on(tell);

  const attach = (channelId: number, job: JobRecord): void => {
    listening.set(job.jobId, { channelId, resultSent: false });
    if (job.state === "offered") send(channelId, () => ({ type: "accepted", jobId: job.jobId }));
    else tell(job);
  };

  const offer = async (channelId: number, message: Offer, input: OpenedInput | undefined): Promise<void> => {
    const context = await parts.admissionContext();
    const stored = journal.job(message.jobId);
    if (stored) {
      checkAuthor(message, context);
      // Until the job moves, a requestor that lost our answer may offer it again; afterwards it resumes, and the same offer is a replay.
      if (stored.state !== "offered" || stored.facts.replyKey !== message.replyKey) {
        throw new ZpuError("REPLAYED_MESSAGE", { jobId: message.jobId, state: stored.state });
      }
      return attach(channelId, stored);
    }
    if (!input) throw new ZpuError("MALFORMED_MESSAGE", { detail: "the offer has no input" });
    const { offering, pixels, inputSalt } = admit(message, input, context);
    const job = journal.insert(message.jobId, now(), {
      requestor: message.requestor,
      nonce: message.nonce,
      spec: message.spec,
      modelName: offering.name,
      replyKey: message.replyKey,
      inputBlob: parts.blobs.put(pixels),
      inputSalt,
      stagesMs: {},
    });
    log("info", "job offered", { jobId: job.jobId, requestor: message.requestor });
    attach(channelId, job);
    runner.steps.tell(job);
    parts.admitted?.();
  };

  /** The job of a stream that has shown to be the requestor's. */
  const mine = (channelId: number, jobId: JobId): void => {
    if (listening.get(jobId)?.channelId !== channelId) throw new ZpuError("JOB_UNKNOWN", { jobId });
  };

  const resume = async (channelId: number, jobId: JobId, signature: string): Promise<void> => {
    const job = journal.job(jobId);
    if (!job) throw new ZpuError("JOB_UNKNOWN", { jobId });
    const { recoverRequestor } = await parts.admissionContext();
    if (recoverRequestor(jobId, signature) !== job.facts.requestor)
      throw new ZpuError("MALFORMED_MESSAGE", { detail: "the signature is not the requestor's" });
    attach(channelId, job);
  };

  return {
    async request(channelId, request, input) {
      try {
        if (request.type === "offer") await offer(channelId, request, input);
        else if (request.type === "resume") await resume(channelId, request.jobId, request.signature);
        else {
          mine(channelId, request.jobId);
          if (request.type === "posted") await runner.posted(request.jobId, request.tx);
          else await runner.cancel(request.jobId);
        }
      } catch (error) {
        const refusal = ZpuError.wrap(error);
        if (refusal.code === "DISK_FULL") parts.diskFull();
        log("warn", `${request.type} refused: ${refusal.message}`, { jobId: request.jobId, code: refusal.code });
        const opening = request.type === "offer" || request.type === "resume";
        send(channelId, () => ({ type: "rejected", jobId: request.jobId, error: refusal.toRecord() }), opening);
      }
    },
    ended(channelId) {
      outgoing.delete(channelId);
      for (const [jobId, listener] of listening) if (listener.channelId === channelId) listening.delete(jobId);
    },
    receipt({ signed, countersignature }) {
      const { jobId } = signed.receipt;
      const job = journal.job(jobId);
      if (!job?.facts.run || !job.facts.receiptSignature) throw new ZpuError("JOB_UNKNOWN", { jobId });
      const ours = receiptOf(job, job.facts.run);
      const same = (Object.keys(ours) as (keyof Receipt)[]).every((field) => ours[field] === signed.receipt[field]);
      if (!same || parts.recoverReceiptSigner(ours, countersignature) !== job.facts.requestor) {
        throw new ZpuError("MALFORMED_MESSAGE", { detail: "the countersignature is not the requestor's over this receipt" });
      }
      if (job.facts.countersignature === undefined) runner.steps.tell(journal.amend(jobId, { countersignature }));
      return { type: "stored", jobId };
    },
    reset() {
      outgoing.clear();
      listening.clear();
    },
    stop: unsubscribe,
  };
}
