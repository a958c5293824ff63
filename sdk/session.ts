/** The conversation about one posted job: follows the provider's word, believes the chain's, opens and checks the answer, and outlives broken streams. */
import type { Channel } from "@zpu/network/channel";
import type { NetworkNode } from "@zpu/network/node";
import { open as openSeal } from "@zpu/network/seal";
import { commitOutput } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import { decodeBody } from "@zpu/protocol/frames";
import { BN254_ORDER, type ChainJobState } from "@zpu/protocol/job";
import { sealedTensor, sealInfo, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import type { Account, Chain } from "./escrow.ts";
import { argMax, type Answer, type Bell, type JobRecord } from "./record.ts";
import { fromPeer } from "./peers.ts";
import { checkProof } from "./verify.ts";

/** What a session works with. */
export interface SessionParts {
  readonly node: NetworkNode;
  readonly chain: Chain;
  readonly account: Account;
  readonly bell: Bell;
  /** Sends the countersigned receipt to the provider and to the gateway. */
  countersign(record: JobRecord, answer: Answer): Promise<void>;
}

export type JobChannel = Channel<JobRequest, JobReply>;
type Result = Extract<JobReply, { type: "result" }>;

const LOGITS = 10;
/** How long after the deadline an answer that the chain has already verified may still arrive. */
const LATE_MS = 120_000;
const QUIET_POLL_MS = 1000;
/** How long the provider may go on talking once the chain has said that the job is over. */
const LAST_WORD_MS = 2000;

/** Ten int32, little-endian, as sealed by the provider. */
function logitsOf(data: Uint8Array): number[] {
  if (data.length !== LOGITS * 4) throw new ZpuError("MALFORMED_MESSAGE", { detail: `the output has ${data.length} bytes` });
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: LOGITS }, (_, index) => view.getInt32(index * 4, true));
}

const isProven = (state: ChainJobState): boolean => state === "proven" || state === "settled";

/** Opens a result and holds it against its commitment, the chain's terms and key, and the receipt; throws what does not hold. */
export async function checkResult(parts: Pick<SessionParts, "chain" | "account">, record: JobRecord, result: Result): Promise<Answer> {
  const { chain, account } = parts;
  const { spec, jobId } = record;
  const info = sealInfo("output", jobId, account.address, spec.provider);
  const tensor = decodeBody(await openSeal(record.replyKeys.privateKey, info, result.output), sealedTensor);
  const logits = logitsOf(tensor.data);
  const salt = BigInt(tensor.salt);
  const outputCommitment = BigInt(result.outputCommitment);
  if (salt >= BN254_ORDER || commitOutput(logits, salt) !== outputCommitment) throw new ZpuError("COMMITMENT_MISMATCH", { what: "output" });
  const check = await checkProof(chain, jobId, spec, outputCommitment, result.proof);
  if (!check.verified) throw new ZpuError("PROOF_INVALID", { detail: check.reason ?? "the pairing does not hold" });
  const { receipt, signature } = result.receipt;
  const agrees =
    receipt.jobId === jobId &&
    receipt.provider === spec.provider &&
    receipt.requestor === account.address &&
    receipt.modelId === spec.modelId &&
    receipt.inputCommitment === spec.inputCommitment &&
    receipt.outputCommitment === result.outputCommitment;
  if (!agrees) throw new ZpuError("MALFORMED_MESSAGE", { detail: "the receipt is not about this job" });
  if (chain.receiptSigner(receipt, signature) !== (await chain.node(spec.provider)).operator) {
    throw new ZpuError("MALFORMED_MESSAGE", { detail: "the receipt is not signed by the provider's operator" });
  }
  const job = await chain.job(jobId);
  if (isProven(job.state) && BigInt(job.outputCommitment) !== outputCommitment) throw new ZpuError("COMMITMENT_MISMATCH", { what: "output" });
  return { digit: argMax(logits), logits, outputCommitment, proof: result.proof, receipt: result.receipt, receivedAtMs: Date.now() };
}

/** Follows `record` to its end: settled with its answer, or failed by name and its escrow taken back where that is possible. Never throws. */
export async function followJob(parts: SessionParts, record: JobRecord, channel: JobChannel, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const finish = (): void => { over.abort(); }; // prettier-ignore
  const fail = (error: ZpuError): void => {
    if (!stop.aborted) record.failure ??= error;
    finish();
  };
  await Promise.all([listen(parts, record, channel, stop, signal, fail), watchChain(parts, record, stop, finish, fail)]);
  if (record.failure && !signal.aborted) await takeBack(parts, record);
  record.closed = true;
  parts.bell.ring();
}

/** A job that nobody accepted is cancelled, so that its escrow is free again. */
async function takeBack({ chain, account }: SessionParts, record: JobRecord): Promise<void> {
  try {
    if ((await chain.job(record.jobId)).state !== "posted") return;
    await account.cancel(record.jobId);
    await account.claim();
    record.chainState = "cancelled";
    record.transactions = await chain.transactions(record.jobId);
  } catch {
    // the provider accepted it in this moment, or the chain is away: `refund` works after the deadline
  }
}

/** The provider's word. A broken stream is opened again with `resume` until the job is over. */
async function listen(
  parts: SessionParts,
  record: JobRecord,
  first: JobChannel,
  stop: AbortSignal,
  closing: AbortSignal,
  fail: (error: ZpuError) => void,
): Promise<void> {
  const { node, account, bell } = parts;
  let channel: JobChannel | undefined = first;
  let failures = 0;
  let confirmations = 0;

  const handle = async (reply: JobReply): Promise<void> => {
    if (reply.jobId !== undefined && reply.jobId !== record.jobId) throw new ZpuError("MALFORMED_MESSAGE", { detail: "it is about another job" });
    if (reply.type === "progress") {
      if (record.events.length < 200) record.events.push({ state: reply.state, atMs: reply.atMs, ...(reply.tx ? { tx: reply.tx } : {}) });
    } else if (reply.type === "result") {
      if (record.answer) return;
      const answer = await checkResult(parts, record, reply);
      if (stop.aborted) return; // the chain contradicted it, or the job ended, meanwhile
      if (record.provenOutput !== undefined && record.provenOutput !== answer.outputCommitment)
        throw new ZpuError("COMMITMENT_MISMATCH", { what: "output" });
      record.answer = answer;
      bell.ring();
      void parts.countersign(record, answer);
    } else if (reply.type === "rejected") {
      const error = fromPeer(ZpuError.from(reply.error));
      const { posted } = record.transactions;
      if (error.code === "JOB_NOT_POSTED" && record.chainState !== "posted") return; // said again after a break, and overtaken meanwhile
      if (error.code === "JOB_NOT_POSTED" && posted && confirmations < 5) {
        confirmations += 1; // its view of the chain may be a moment behind ours
        await bell.next(QUIET_POLL_MS, stop);
        return channel?.send({ type: "posted", jobId: record.jobId, tx: posted.hash });
      }
      throw error;
    } else if (reply.type === "ended" && reply.error && !(record.answer && record.transactions.proven)) fail(fromPeer(ZpuError.from(reply.error)));
  };

  const onStop = (): void => {
    const left = channel;
    if (!left) return;
    const reset = (): void => { left.abort(new ZpuError("CANCELLED")); }; // prettier-ignore
    if (closing.aborted || record.failure) return reset();
    void left.close();
    setTimeout(reset, LAST_WORD_MS).unref();
  };
  stop.addEventListener("abort", onStop);
  while (!stop.aborted) {
    try {
      if (!channel) {
        await node.dial(record.multiaddrs, { signal: stop });
        channel = await node.openJob(record.peer);
        await channel.send({ type: "resume", jobId: record.jobId, signature: await account.signJobId(record.jobId) });
        const { posted } = record.transactions;
        if (posted && record.events.length === 0) await channel.send({ type: "posted", jobId: record.jobId, tx: posted.hash }); // it may have been lost with the stream
      }
      for await (const reply of channel) {
        await handle(reply);
        bell.ring();
        failures = 0;
      }
      await channel.close();
    } catch (error) {
      const failure = ZpuError.wrap(error);
      channel?.abort(failure);
      // whether the stream can be mended, or the provider has said or shown that there will be no answer
      if (
        !["PEER_UNREACHABLE", "GATEWAY_UNREACHABLE", "TIMEOUT", "RATE_LIMITED", "NETWORK_DIED", "CHAIN_UNREACHABLE", "CANCELLED"].includes(
          failure.code,
        )
      )
        fail(failure);
    }
    channel = undefined;
    if (stop.aborted || record.answer) break;
    await bell.next(Math.min(5000, 250 * 2 ** failures) * (0.5 + Math.random() / 2), stop);
    failures = Math.min(failures + 1, 10);
  }
  stop.removeEventListener("abort", onStop);
  await channel?.close();
}

/** The chain's word: it alone says that a job was proven and settled, and when it is too late. */
async function watchChain(
  parts: SessionParts,
  record: JobRecord,
  stop: AbortSignal,
  finish: () => void,
  fail: (error: ZpuError) => void,
): Promise<void> {
  const { chain, bell } = parts;
  const { jobId, spec } = record;
  while (!stop.aborted) {
    try {
      const { state } = await chain.job(jobId);
      if (state !== record.chainState) {
        const transactions = await chain.transactions(jobId);
        if (transactions.proven) {
          // compared before anybody is told that the job is proven: what is published as proven is the answer's own proof
          record.provenOutput = BigInt((await chain.job(jobId)).outputCommitment);
          if (record.answer && record.answer.outputCommitment !== record.provenOutput) {
            delete record.answer;
            fail(new ZpuError("COMMITMENT_MISMATCH", { what: "output" }));
            return;
          }
        }
        record.transactions = { ...record.transactions, ...transactions };
        record.chainState = state;
        bell.ring();
      }
      const nowSeconds = Math.max(await chain.now(), Math.floor(Date.now() / 1000)); // an idle chain makes no blocks
      const proven = isProven(state);
      if (state === "settled" && record.answer) return finish();
      if (state === "cancelled") return fail(record.failure ?? new ZpuError("CANCELLED"));
      if (state === "expired" || state === "refunded") return fail(new ZpuError("JOB_EXPIRED", { jobId }));
      if (state === "posted" && nowSeconds > spec.acceptBy) {
        return fail(new ZpuError("TIMEOUT", { ms: spec.acceptBy * 1000 - record.submittedAtMs, waiting: "waiting for the provider to accept" }));
      }
      if (state === "accepted" && nowSeconds > spec.deadline) return fail(new ZpuError("JOB_EXPIRED", { jobId }));
      if (proven && Date.now() > spec.deadline * 1000 + LATE_MS)
        return fail(new ZpuError("TIMEOUT", { ms: LATE_MS, waiting: "the proven answer is delivered" }));
    } catch {
      // the chain is away or refused a step that another way has made superfluous: look again
    }
    await bell.next(Math.max(chain.pollMs, QUIET_POLL_MS), stop);
  }
}
