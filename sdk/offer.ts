/** From a listing to a posted job: check the provider, agree on the terms, then put the escrow on the chain. Nothing is sealed to a peer before its binding holds. */
import { randomBytes } from "node:crypto";
import type { NetworkNode } from "@zpu/network/node";
import { generateKeyPair, seal } from "@zpu/network/seal";
import { commitInput, randomSalt } from "@zpu/proofs/commitment";
import type { ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { encodeBody } from "@zpu/protocol/frames";
import { bytes32, toHex, type Bytes32, type ModelId } from "@zpu/protocol/ids";
import { deriveJobId, type JobSpec } from "@zpu/protocol/job";
import { sealInfo } from "@zpu/protocol/messages";
import { weiToTokens } from "@zpu/protocol/money";
import type { Account, Chain, ChainTransaction } from "./escrow.ts";
import type { PeerBook } from "./peers.ts";
import type { JobRecord } from "./record.ts";
import type { JobChannel } from "./session.ts";

/** What is wanted and what may be paid. */
export interface OfferTerms {
  readonly modelId: ModelId;
  readonly modelName: string;
  readonly pixels: Uint8Array;
  readonly budgetWei: bigint;
  readonly acceptWithinSeconds: number;
  readonly deadlineSeconds: number;
  readonly signal: AbortSignal;
}

/** What an offer is made with. */
export interface OfferParts {
  readonly chain: Chain;
  readonly account: Account;
  readonly node: NetworkNode;
  readonly peers: PeerBook;
  ensureFunds(priceWei: bigint, signal?: AbortSignal): Promise<void>;
}

const PIXELS = 784;
/** A provider says yes or no at once; a busy machine may take a little. */
const ANSWER_WITHIN_MS = 15_000;

const asWord = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** 784 grey values as bytes; throws INPUT_INVALID. */
export function parsePixels(pixels: Uint8Array | readonly number[]): Uint8Array {
  if (pixels.length !== PIXELS) throw new ZpuError("INPUT_INVALID", { detail: `${pixels.length} grey values instead of ${PIXELS} (28 x 28)` });
  for (const value of pixels) if (!Number.isInteger(value) || value < 0 || value > 255) throw new ZpuError("INPUT_INVALID", { detail: `the grey value ${value} is not a whole number from 0 to 255` }); // prettier-ignore
  return Uint8Array.from(pixels);
}

/**
 * Offers the job to the provider of `listing`, posts its escrow once it is accepted, and tells the provider. Throws the reason of a refusal
 * or of a failed check; an error with the fact `mayBePosted: true` may have left an escrow on the chain.
 */
export async function offerAndPost(
  parts: OfferParts,
  listing: ProviderListing,
  terms: OfferTerms,
): Promise<{ record: JobRecord; channel: JobChannel }> {
  const { chain, account, node, peers } = parts;
  const peer = await peers.verify(listing, terms.signal);
  const offering = peer.offerings.find((candidate) => candidate.modelId === terms.modelId && candidate.proof === "zk");
  if (!offering)
    throw new ZpuError("UNKNOWN_MODEL", { model: terms.modelName, available: peer.offerings.map(({ name }) => name).join(", ") || "none" });
  if (offering.priceWei > terms.budgetWei)
    throw new ZpuError("BUDGET_TOO_LOW", { budget: weiToTokens(terms.budgetWei), price: weiToTokens(offering.priceWei) });
  await parts.ensureFunds(offering.priceWei, terms.signal);

  const inputSalt = randomSalt((count) => randomBytes(count));
  const inputCommitment = commitInput(terms.pixels, inputSalt);
  const nowSeconds = Math.max(Math.floor(Date.now() / 1000), await chain.now());
  const spec: JobSpec = {
    provider: peer.provider,
    modelId: terms.modelId,
    inputCommitment: asWord(inputCommitment),
    priceWei: offering.priceWei,
    acceptBy: nowSeconds + terms.acceptWithinSeconds,
    deadline: nowSeconds + terms.deadlineSeconds,
  };
  const nonce = BigInt(toHex(randomBytes(32)));
  const jobId = deriveJobId(account.address, nonce, spec);
  const replyKeys = await generateKeyPair();
  const tensor = encodeBody({ data: terms.pixels, salt: asWord(inputSalt) });
  const input = await seal(peer.encryptionKey, sealInfo("input", jobId, account.address, peer.provider), tensor);

  const channel = await node.openJob(peer.peer);
  try {
    await channel.send({
      type: "offer",
      jobId,
      requestor: account.address,
      nonce,
      spec,
      input,
      replyKey: replyKeys.publicKey,
      signature: await account.signJobId(jobId),
    });
    const reply = await within(channel.next(), ANSWER_WITHIN_MS, "waiting for the provider's answer to the offer", terms.signal);
    if (reply?.type === "rejected") {
      peers.forget(peer.peer); // its prices or models may have changed
      throw ZpuError.from(reply.error);
    }
    if (reply?.type !== "accepted" || reply.jobId !== jobId) throw new ZpuError("PEER_UNREACHABLE", { detail: "it did not answer the offer" });
    const posted = await post(parts, spec, nonce, jobId, channel);
    const record: JobRecord = {
      jobId,
      spec,
      peer: peer.peer,
      multiaddrs: peer.multiaddrs,
      inputCommitment,
      replyKeys,
      submittedAtMs: Date.now(),
      events: [],
      chainState: "posted",
      transactions: { posted },
      closed: false,
    };
    await channel.send({ type: "posted", jobId, tx: posted.hash }).catch(() => undefined); // a broken stream is resumed by the session
    return { record, channel };
  } catch (error) {
    channel.abort(ZpuError.wrap(error));
    throw error;
  }
}

/** Posts; where the answer of the chain was lost, looks whether the job is there after all. */
async function post(
  { chain, account }: OfferParts,
  spec: JobSpec,
  nonce: bigint,
  jobId: JobRecord["jobId"],
  channel: JobChannel,
): Promise<ChainTransaction> {
  try {
    return await account.post(spec, nonce);
  } catch (error) {
    const found = await chain.transactions(jobId).catch(() => undefined);
    if (found?.posted) return found.posted;
    await channel.send({ type: "cancel", jobId }).catch(() => undefined);
    throw found ? error : new ZpuError("CHAIN_UNREACHABLE", { ...ZpuError.wrap(error).facts, jobId, mayBePosted: true }, error);
  }
}

/** `promise`, or TIMEOUT after `ms`, or CANCELLED. */
async function within<T>(promise: Promise<T>, ms: number, waiting: string, signal: AbortSignal): Promise<T> {
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => { reject(new ZpuError("TIMEOUT", { ms, waiting })); }, ms); // prettier-ignore
  const onAbort = (): void => { reject(new ZpuError("CANCELLED")); }; // prettier-ignore
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, cut]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => undefined);
  }
}
