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
import type { Account, Chain } from "./escrow.ts";
import { fromPeer, offeringOf, type PeerBook, type VerifiedPeer } from "./peers.ts";
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
/** What comes of asking one provider: a posted job, or why it is not the one; then the next is asked. */
export type OfferOutcome = { readonly record: JobRecord; readonly channel: JobChannel } | { readonly refusal: ZpuError };

/** A provider says yes or no at once; a busy machine may take a little. */
const ANSWER_WITHIN_MS = 15_000;

/** Failures before the broadcast that the next provider would meet as well. */
const OURS = new Set(["INSUFFICIENT_FUNDS", "CANCELLED", "CONFIG_INVALID", "INTERNAL"]);

const asWord = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** 784 grey values as bytes; throws INPUT_INVALID. */
export function parsePixels(pixels: Uint8Array | readonly number[]): Uint8Array {
  if (pixels.length !== PIXELS) throw new ZpuError("INPUT_INVALID", { detail: `${pixels.length} grey values instead of ${PIXELS} (28 x 28)` });
  for (const value of pixels) if (!Number.isInteger(value) || value < 0 || value > 255) throw new ZpuError("INPUT_INVALID", { detail: `the grey value ${value} is not a whole number from 0 to 255` }); // prettier-ignore
  return Uint8Array.from(pixels);
}

/**
 * Offers the job to the provider of `listing`, posts its escrow once it is accepted, and tells the provider. Whatever the provider, its peer
 * or its terms cause before the escrow is out is a refusal. Throws what must end the search: INSUFFICIENT_FUNDS, a signer that declines,
 * CANCELLED, and every failure once the escrow's transaction was handed over; with the fact `mayBePosted: true` it may be on the chain.
 */
export async function offerAndPost(parts: OfferParts, listing: ProviderListing, terms: OfferTerms): Promise<OfferOutcome> {
  const { chain, account, node, peers } = parts;
  const { signal } = terms;
  let channel: JobChannel | undefined;
  /** Steps that the other side may spoil; undefined with `refusal` set where it has. */
  let refusal: ZpuError | undefined;
  const withPeer = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      if (signal.aborted) throw new ZpuError("CANCELLED", {}, error);
      refusal = fromPeer(error);
      return undefined;
    }
  };
  const giveUp = (reason: unknown): OfferOutcome => {
    const error = fromPeer(reason);
    channel?.abort(error);
    return { refusal: error };
  };

  const agreed = await withPeer(() => agreeOnPrice(parts, listing, terms));
  if (!agreed) return giveUp(refusal);
  const { peer, priceWei } = agreed;
  try {
    await parts.ensureFunds(priceWei, signal);
  } catch (error) {
    if (ZpuError.wrap(error).code !== "CHAIN_UNREACHABLE") throw error;
    return giveUp(error);
  }

  const inputSalt = randomSalt((count) => randomBytes(count));
  const inputCommitment = commitInput(terms.pixels, inputSalt);
  const chainSeconds = await withPeer(() => chain.now());
  if (chainSeconds === undefined) return giveUp(refusal);
  const nowSeconds = Math.max(Math.floor(Date.now() / 1000), chainSeconds);
  const spec: JobSpec = {
    provider: peer.provider,
    modelId: terms.modelId,
    inputCommitment: asWord(inputCommitment),
    priceWei,
    acceptBy: nowSeconds + terms.acceptWithinSeconds,
    deadline: nowSeconds + terms.deadlineSeconds,
  };
  const nonce = BigInt(toHex(randomBytes(32)));
  const jobId = deriveJobId(account.address, nonce, spec);
  const replyKeys = await generateKeyPair();
  const tensor = encodeBody({ data: terms.pixels, salt: asWord(inputSalt) });
  const signature = await account.signJobId(jobId);
  const taken = await withPeer(async () => {
    const input = await seal(peer.encryptionKey, sealInfo("input", jobId, account.address, peer.provider), tensor);
    channel = await within(node.openJob(peer.peer), ANSWER_WITHIN_MS, "opening a stream to the provider", signal);
    await channel.send({ type: "offer", jobId, requestor: account.address, nonce, spec, input, replyKey: replyKeys.publicKey, signature });
    const reply = await within(channel.next(), ANSWER_WITHIN_MS, "waiting for the provider's answer to the offer", signal);
    if (reply?.type === "rejected") {
      peers.forget(peer.peer); // its prices or models may have changed
      throw ZpuError.from(reply.error);
    }
    if (reply?.type !== "accepted" || reply.jobId !== jobId) throw new ZpuError("PEER_UNREACHABLE", { detail: "it did not answer the offer" });
    return channel;
  }).catch((error: unknown) => {
    channel?.abort(ZpuError.wrap(error));
    throw error;
  });
  if (!taken) return giveUp(refusal);

  try {
    const posted = await account.post(spec, nonce, signal);
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
    await taken.send({ type: "posted", jobId, tx: posted.hash }).catch(() => undefined); // a broken stream is resumed by the session
    return { record, channel: taken };
  } catch (error) {
    const failure = ZpuError.wrap(error);
    if (failure.facts.mayBePosted !== true) await taken.send({ type: "cancel", jobId }).catch(() => undefined);
    taken.abort(failure);
    // refused by the simulation, nothing was sent: that may be the provider's doing, by leaving the registry or answering late
    if (failure.facts.mayBePosted === undefined && !OURS.has(failure.code) && !signal.aborted) return { refusal: fromPeer(failure) };
    throw failure;
  }
}

/** The provider, shown to be the listed one, and its price: not above the listed one nor the budget. */
async function agreeOnPrice(
  { peers }: OfferParts,
  listing: ProviderListing,
  { modelId, modelName, budgetWei, signal }: OfferTerms,
): Promise<{ peer: VerifiedPeer; priceWei: bigint }> {
  const listedWei = offeringOf(listing.offerings, modelId)?.priceWei ?? budgetWei;
  const mostWei = listedWei < budgetWei ? listedWei : budgetWei;
  const askedAtMs = performance.now();
  let peer = await peers.verify(listing, signal);
  let offering = offeringOf(peer.offerings, modelId);
  if (peer.heardAtMs < askedAtMs && (!offering || offering.priceWei > mostWei)) {
    peer = await peers.verify(listing, signal, { anew: true }); // what was heard earlier may be out of date
    offering = offeringOf(peer.offerings, modelId);
  }
  if (!offering) throw new ZpuError("UNKNOWN_MODEL", { model: modelName, available: peer.offerings.map(({ name }) => name).join(", ") || "none" });
  const { priceWei } = offering;
  if (priceWei > listedWei) throw new ZpuError("PRICE_CHANGED", { asked: `${weiToTokens(priceWei)} NZIDIA`, listed: `${weiToTokens(listedWei)} NZIDIA` }); // prettier-ignore
  if (priceWei > budgetWei) throw new ZpuError("BUDGET_TOO_LOW", { budget: weiToTokens(budgetWei), price: weiToTokens(priceWei) });
  return { peer, priceWei };
}

/** `promise`, or TIMEOUT after `ms`, or CANCELLED. */
async function within<T>(promise: Promise<T>, ms: number, waiting: string, signal: AbortSignal): Promise<T> {
  const { promise: cut, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(new ZpuError("CANCELLED"));
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
