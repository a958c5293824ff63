/** The requestor's client: submit a job with its escrow, follow it, get an answer that was checked, take the money back. */
import type { Evidence, ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError, type ErrorFacts } from "@zpu/protocol/errors";
import { jobId as jobIdSchema, type Address, type JobId } from "@zpu/protocol/ids";
import type { ChainJobState, EvidenceKind, Groth16Proof, JobState } from "@zpu/protocol/job";
import { tokensToWei } from "@zpu/protocol/money";
import type { SignedReceipt } from "@zpu/protocol/receipt";
import { loadDocument, loadProviders, resolveModel } from "./discovery.ts";
import type { ChainTransaction, JobTransactions } from "./chain-records.ts";
import { openChain, type RequestorSigner } from "./escrow.ts";
import { openMarket, type Market } from "./market.ts";
import { countersigner } from "./receipts.ts";
import { trustedDocument, type TrustedNetwork } from "./trust.ts";
import { offerAndPost, parsePixels, type OfferTerms } from "./offer.ts";
import { affordable } from "./peers.ts";
import { createBell, once, type Bell, type JobProgress, type JobRecord } from "./record.ts";
import { followJob } from "./session.ts";
import { readEvidence, verifyOnChainProof, type Verification } from "./verify.ts";

/** Options of a client. Durations in seconds. */
export interface ClientOptions {
  /** Private key (0x-hex) or ethers signer that pays. Otherwise ZPU_REQUESTOR_KEY, otherwise (devnet only) a fresh account funded by its faucet. */
  readonly signer?: RequestorSigner;
  /** The network that is meant, from a source other than the web address. Without it only the development network is used. */
  readonly network?: TrustedNetwork;
  /** How long a provider has to accept a posted job. */
  readonly acceptWithinSeconds?: number;
  /** How long from posting to the proof on the chain; afterwards the escrow can be refunded. */
  readonly deadlineSeconds?: number;
}

/** A job to submit. */
export interface JobInput {
  /** Name ("digits-mlp") or model id. */
  readonly model: string;
  /** 784 grey values 0 to 255 (28 x 28, row by row, white on black). */
  readonly input: { readonly pixels: Uint8Array | readonly number[] };
  /** Most that may be paid, in whole tokens: 2, 0.5 or "2.5". */
  readonly maxBudget: number | string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

/** A checked answer. Money in wei, times in Unix milliseconds. */
export interface JobResult {
  readonly jobId: JobId;
  readonly provider: Address;
  readonly priceWei: bigint;
  readonly digit: number;
  readonly logits: readonly number[];
  /** `zk` once the chain has verified the proof; `receipt` before. */
  readonly evidenceKind: EvidenceKind;
  readonly outputCommitment: bigint;
  readonly proof: Groth16Proof;
  readonly receipt: SignedReceipt;
  readonly transactions: JobTransactions;
  readonly submittedAtMs: number;
  readonly receivedAtMs: number;
  readonly proofUrl: string;
}

/** A look at a running job; iterating yields every step from the first, until the job is over. */
export interface JobView extends AsyncIterable<JobProgress> {
  readonly jobId: JobId;
  readonly state: JobState | undefined;
  readonly chainState: ChainJobState;
  readonly events: readonly JobProgress[];
  readonly failure: ZpuError | undefined;
}

const CANDIDATES = 8;

/** A requestor on the network whose address is `url`. Holds no secret on disk; `close` it when done. */
export class ZPUClient {
  readonly #url: string;
  readonly #options: ClientOptions;
  readonly #jobs = new Map<JobId, { record: JobRecord; bell: Bell; done: Promise<void> }>();
  readonly #closing = new AbortController();
  readonly #document = once(async () => trustedDocument(await loadDocument(this.#url, this.#closing.signal), this.#options.network));
  readonly #chain = once(async () => openChain(await this.#document()));
  readonly #market = once(async () => openMarket(await this.#document(), await this.#chain(), this.#options.signer));

  /** `url`: http(s) address of the network; CONFIG_INVALID where it is none. */
  constructor(url: string, options: ClientOptions = {}) {
    if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
      throw new ZpuError("CONFIG_INVALID", { name: "url", detail: `${JSON.stringify(url)} is no http(s) address` });
    this.#url = url.replace(/\/+$/, "");
    this.#options = options;
  }

  /** Providers that the gateway sees at this moment. */
  async providers(): Promise<ProviderListing[]> {
    return loadProviders(this.#url, this.#closing.signal);
  }

  /** The account that pays. */
  async account(): Promise<Address> {
    return (await this.#market()).account.address;
  }

  /**
   * Finds a provider within the budget, agrees, posts the escrow and returns; the job then runs on. Throws INPUT_INVALID, UNKNOWN_MODEL,
   * NO_PROVIDER, BUDGET_TOO_LOW, INSUFFICIENT_FUNDS, GATEWAY_UNREACHABLE, CHAIN_UNREACHABLE, CHAIN_MISMATCH, CONFIG_INVALID, CANCELLED, or the last provider's
   * refusal. Where the escrow may be on the chain although nobody could see it, the error (ESCROW_UNCERTAIN, or CANCELLED) has the facts
   * `jobId` and `mayBePosted: true`, and no other provider is asked: `evidence` tells, `refund` takes the escrow back.
   */
  async submitJob(request: JobInput): Promise<{ jobId: JobId; proofUrl: string }> {
    const pixels = parsePixels(request.input.pixels);
    const budgetWei = parseBudget(request.maxBudget);
    const signal = request.signal ? AbortSignal.any([request.signal, this.#closing.signal]) : this.#closing.signal;
    const market = await this.#market();
    const modelId = resolveModel(market.document, request.model);
    const listings = affordable(await loadProviders(this.#url, signal), modelId, request.model, budgetWei);
    const terms: OfferTerms = {
      modelId,
      modelName: request.model,
      pixels,
      budgetWei,
      acceptWithinSeconds: this.#options.acceptWithinSeconds ?? 60,
      deadlineSeconds: this.#options.deadlineSeconds ?? 600,
      signal,
    };
    let refusal = new ZpuError("NO_PROVIDER", { model: request.model });
    for (const listing of listings.slice(0, CANDIDATES)) {
      if (signal.aborted) throw new ZpuError("CANCELLED");
      const outcome = await offerAndPost(market, listing, terms).catch((error: unknown) => {
        const failure = ZpuError.wrap(error);
        throw signal.aborted && failure.code !== "CANCELLED" ? new ZpuError("CANCELLED", aboutEscrow(failure), failure) : failure;
      });
      if ("record" in outcome) {
        this.#follow(market, outcome.record, outcome.channel, request.onProgress);
        return { jobId: outcome.record.jobId, proofUrl: this.#proofUrl(outcome.record.jobId) };
      }
      refusal = outcome.refusal;
    }
    throw refusal;
  }

  /**
   * Waits for the answer of a job of this client. `until`: "answer" (opened and its proof checked here), "verified" (the chain has checked
   * the proof too; the default) or "paid". Throws the job's failure, JOB_UNKNOWN, TIMEOUT or CANCELLED; the job itself goes on.
   */
  async result(
    jobId: string,
    options: { until?: "answer" | "verified" | "paid"; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<JobResult> {
    const { record, bell } = this.#own(jobId);
    const { until = "verified", timeoutMs = 900_000 } = options;
    const signal = options.signal ? AbortSignal.any([options.signal, this.#closing.signal]) : this.#closing.signal;
    const startedAt = performance.now();
    for (;;) {
      const { answer, transactions } = record;
      const failed = record.failure !== undefined && until !== "answer"; // an answer stays one, whatever came after
      if (answer && !failed && (until === "answer" || (until === "verified" ? transactions.proven : transactions.settled))) {
        return {
          jobId: record.jobId,
          provider: record.spec.provider,
          priceWei: record.spec.priceWei,
          digit: answer.digit,
          logits: answer.logits,
          evidenceKind: transactions.proven ? "zk" : "receipt",
          outputCommitment: answer.outputCommitment,
          proof: answer.proof,
          receipt: answer.receipt,
          transactions,
          submittedAtMs: record.submittedAtMs,
          receivedAtMs: answer.receivedAtMs,
          proofUrl: this.#proofUrl(record.jobId),
        };
      }
      if (record.closed) throw record.failure ?? new ZpuError("CANCELLED");
      if (signal.aborted) throw new ZpuError("CANCELLED");
      const leftMs = timeoutMs - (performance.now() - startedAt);
      if (leftMs <= 0)
        throw new ZpuError("TIMEOUT", { ms: timeoutMs, waiting: `waiting for job ${record.jobId} to be ${until === "answer" ? "answered" : until}` });
      await bell.next(leftMs, signal);
    }
  }

  /** A job of this client: its state now, and every step by iteration. Throws JOB_UNKNOWN. */
  job(jobId: string): JobView {
    const { record, bell } = this.#own(jobId);
    const closing = this.#closing.signal;
    return {
      jobId: record.jobId,
      get state() {
        return record.events.at(-1)?.state;
      },
      get chainState() {
        return record.chainState;
      },
      events: record.events,
      get failure() {
        return record.failure;
      },
      async *[Symbol.asyncIterator]() {
        for (let at = 0; ; at += 1) {
          while (at >= record.events.length && !record.closed && !closing.aborted) await bell.next(undefined, closing);
          const event = record.events[at];
          if (!event) return;
          yield event;
        }
      },
    };
  }

  /**
   * Checks the proof of any job with this client's own verifier. Verifying key, terms and commitments are the chain's; for a job of this
   * client the opened answer must also be the proven one. Throws JOB_UNKNOWN, PROOF_UNAVAILABLE (not proven), CHAIN_UNREACHABLE.
   */
  async verify(jobId: string): Promise<Verification> {
    const id = parseJobId(jobId);
    const own = this.#jobs.get(id)?.record;
    const verification = await verifyOnChainProof(await this.#chain(), id, own?.answer?.proof);
    const [inputCommitment, outputCommitment] = verification.publicSignals;
    if (own && own.inputCommitment !== inputCommitment)
      return { ...verification, verified: false, reason: "the proof is about another input than the one that was sent" };
    if (own?.answer && own.answer.outputCommitment !== outputCommitment) {
      return { ...verification, verified: false, reason: "the proof is about another output than the one that was received" };
    }
    return verification;
  }

  /** Public evidence of any job, read from the chain. */
  async evidence(jobId: string): Promise<Evidence> {
    return readEvidence(await this.#chain(), parseJobId(jobId));
  }

  /** Cancels a job that no provider has accepted yet and takes its escrow back. Throws TRANSACTION_REVERTED where it is too late. */
  async cancel(jobId: string): Promise<ChainTransaction> {
    const { account } = await this.#market();
    const cancelled = await account.cancel(parseJobId(jobId));
    await account.claim();
    return cancelled;
  }

  /** Takes back the escrow of a job whose deadline has passed without a proof (or that nobody accepted). Throws TRANSACTION_REVERTED where it is too early. */
  async refund(jobId: string): Promise<ChainTransaction | undefined> {
    const id = parseJobId(jobId);
    const { account, chain } = await this.#market();
    const { state } = await chain.job(id);
    let refunded: ChainTransaction | undefined;
    if (state === "posted") refunded = await account.cancel(id);
    else {
      if (state === "accepted") await account.expire(id);
      if (state !== "cancelled" && state !== "refunded") refunded = await account.refund(id);
    }
    await account.claim();
    return refunded;
  }

  /** Stops following every job (they go on at their providers) and disconnects. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#jobs.values()].map(({ done }) => done));
    await (await this.#market.peek())?.node.stop();
    (await this.#chain.peek())?.close();
  }

  #proofUrl(jobId: JobId): string {
    return `${this.#url}/proofs/${jobId}`;
  }

  #own(jobId: string): { record: JobRecord; bell: Bell } {
    const found = this.#jobs.get(parseJobId(jobId));
    if (!found) throw new ZpuError("JOB_UNKNOWN", { jobId });
    return found;
  }

  #follow(market: Market, record: JobRecord, channel: Parameters<typeof followJob>[2], onProgress?: (progress: JobProgress) => void): void {
    const bell = createBell();
    const countersign = countersigner({ ...market, url: this.#url, signal: this.#closing.signal });
    const done = followJob({ ...market, bell, countersign }, record, channel, this.#closing.signal);
    this.#jobs.set(record.jobId, { record, bell, done });
    if (!onProgress) return;
    void (async () => {
      for await (const progress of this.job(record.jobId)) onProgress(progress);
    })();
  }
}

/** What an error knows about an escrow that may be on the chain. */
const aboutEscrow = ({ facts: { jobId, mayBePosted, transaction } }: ZpuError): ErrorFacts =>
  mayBePosted === true ? { mayBePosted, ...(jobId !== undefined && { jobId }), ...(transaction !== undefined && { transaction }) } : {};

function parseJobId(text: string): JobId {
  const parsed = jobIdSchema.safeParse(text);
  if (!parsed.success) throw new ZpuError("JOB_UNKNOWN", { jobId: text.slice(0, 80) });
  return parsed.data;
}

function parseBudget(amount: number | string): bigint {
  try {
    return tokensToWei(amount);
  } catch (error) {
    throw new ZpuError("CONFIG_INVALID", { name: "maxBudget", detail: error instanceof Error ? error.message : "not an amount" }, error);
  }
}
