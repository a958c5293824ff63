/** Yes or no to an offer: a pure function over the offer, the opened input, the node's state and a clock. */
import { commitInput } from "@zpu/proofs/commitment";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import type { Address, JobId } from "@zpu/protocol/ids";
import { BN254_ORDER, deriveJobId } from "@zpu/protocol/job";
import type { JobRequest, Offering, SealedTensor } from "@zpu/protocol/messages";
import { weiToTokens } from "@zpu/protocol/money";

/** The opening message of a job. */
export type Offer = Extract<JobRequest, { type: "offer" }>;
/** What became of the seal. */
export type OpenedInput = { readonly tensor: SealedTensor } | { readonly error: ErrorRecord };

/** The node, as far as admission looks at it. Times are milliseconds, money is wei. */
export interface AdmissionContext {
  readonly nowMs: number;
  readonly provider: Address;
  readonly offerings: readonly Offering[];
  /** Jobs from their acceptance on. */
  readonly openJobs: number;
  readonly maxOpenJobs: number;
  /** Offers that wait for their escrow, and those of one requestor among them. */
  readonly openOffers: number;
  readonly maxOffers: number;
  readonly offersOf: (requestor: Address) => number;
  readonly maxOffersPerRequestor: number;
  readonly diskFull: { readonly path: string } | undefined;
  readonly chain: { readonly reachable: boolean; readonly rpcUrl: string };
  /** The registry's word; undefined while it has not been read yet. */
  readonly registration:
    { readonly registered: boolean; readonly active: boolean; readonly stakeWei: bigint; readonly minStakeWei: bigint } | undefined;
  /** Least time from now to the deadline, and from now to `acceptBy`. */
  readonly minWorkMs: number;
  readonly minPostMs: number;
  /** Longest time an unposted offer may hold a place. */
  readonly maxPostMs: number;
  /** Who signed the job id (EIP-191); undefined where the signature is malformed. */
  readonly recoverRequestor: (jobId: JobId, signature: string) => Address | undefined;
}

/** What an admitted offer brings. */
export interface Admitted {
  readonly offering: Offering;
  /** 784 grey values. */
  readonly pixels: Uint8Array;
  readonly inputSalt: bigint;
}

const MODEL_INPUT_BYTES = 784;
/** What a requestor with too many open offers is told to wait; posting one of them frees its place at once. */
const OFFER_RETRY_MS = 5_000;

/** Why the node takes no jobs at all now, whoever offers; undefined where it does. */
export function refusalOfNode(context: AdmissionContext): ZpuError | undefined {
  const { registration } = context;
  if (context.diskFull) return new ZpuError("DISK_FULL", { path: context.diskFull.path });
  if (!context.chain.reachable || !registration) return new ZpuError("CHAIN_UNREACHABLE", { rpc: context.chain.rpcUrl });
  if (!registration.registered) return new ZpuError("NOT_REGISTERED");
  if (registration.stakeWei < registration.minStakeWei) {
    return new ZpuError("STAKE_TOO_LOW", { stake: weiToTokens(registration.stakeWei), minimum: weiToTokens(registration.minStakeWei) });
  }
  if (!registration.active) return new ZpuError("PROVIDER_PAUSED");
  if (context.openJobs >= context.maxOpenJobs) return new ZpuError("PROVIDER_BUSY", { open: context.openJobs });
  if (context.openOffers >= context.maxOffers) return new ZpuError("PROVIDER_BUSY", { open: context.openJobs + context.openOffers });
  return undefined;
}

/** Throws MALFORMED_MESSAGE unless the offer is consistent in itself and signed by the requestor it names. */
export function checkAuthor(offer: Offer, context: Pick<AdmissionContext, "provider" | "recoverRequestor">): void {
  const malformed = (detail: string): ZpuError => new ZpuError("MALFORMED_MESSAGE", { detail });
  if (deriveJobId(offer.requestor, offer.nonce, offer.spec) !== offer.jobId) throw malformed("the job id does not follow from the terms");
  if (offer.spec.provider !== context.provider) throw malformed("the offer is for another provider");
  if (context.recoverRequestor(offer.jobId, offer.signature) !== offer.requestor) throw malformed("the signature is not the requestor's");
}

/** Throws the code that refuses the offer, or returns what it brings. The cheap checks come first. */
export function admit(offer: Offer, input: OpenedInput, context: AdmissionContext): Admitted {
  const { spec } = offer;
  checkAuthor(offer, context);
  const offering = context.offerings.find((candidate) => candidate.modelId === spec.modelId);
  if (!offering) {
    throw new ZpuError("UNKNOWN_MODEL", {
      model: spec.modelId,
      available: context.offerings.map((candidate) => candidate.name).join(", ") || "none",
    });
  }
  if (spec.priceWei < offering.priceWei) {
    throw new ZpuError("BUDGET_TOO_LOW", { budget: weiToTokens(spec.priceWei), price: weiToTokens(offering.priceWei) });
  }
  const workLeftMs = spec.deadline * 1000 - context.nowMs;
  if (workLeftMs < context.minWorkMs) throw new ZpuError("DEADLINE_TOO_SOON", { leftMs: Math.max(0, workLeftMs), neededMs: context.minWorkMs });
  const postLeftMs = spec.acceptBy * 1000 - context.nowMs;
  if (postLeftMs < context.minPostMs) throw new ZpuError("DEADLINE_TOO_SOON", { leftMs: Math.max(0, postLeftMs), neededMs: context.minPostMs });
  if (postLeftMs > context.maxPostMs) {
    throw new ZpuError("INPUT_INVALID", { detail: `acceptBy is ${postLeftMs} ms away and an offer may stay open for ${context.maxPostMs}` });
  }
  if (spec.deadline < spec.acceptBy) throw new ZpuError("INPUT_INVALID", { detail: "the deadline is before acceptBy" });
  const refusal = refusalOfNode(context);
  if (refusal) throw refusal;
  if (context.offersOf(offer.requestor) >= context.maxOffersPerRequestor) throw new ZpuError("RATE_LIMITED", { retryMs: OFFER_RETRY_MS });
  return { offering, ...checkInput(input, offer) };
}

function checkInput(input: OpenedInput, offer: Offer): { pixels: Uint8Array; inputSalt: bigint } {
  if ("error" in input) throw ZpuError.from(input.error);
  const { data, salt } = input.tensor;
  if (data.length !== MODEL_INPUT_BYTES) throw new ZpuError("INPUT_INVALID", { detail: `${data.length} bytes instead of ${MODEL_INPUT_BYTES}` });
  const inputSalt = BigInt(salt);
  if (inputSalt >= BN254_ORDER) throw new ZpuError("INPUT_INVALID", { detail: "the salt is not a field element" });
  if (commitInput(data, inputSalt) !== BigInt(offer.spec.inputCommitment)) throw new ZpuError("COMMITMENT_MISMATCH", { what: "input" });
  return { pixels: data, inputSalt };
}
