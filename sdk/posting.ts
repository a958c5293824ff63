/** What became of an escrow whose transaction may be out: looks until the chain has said so, and never guesses. */
import { ZpuError } from "@zpu/protocol/errors";
import type { JobId, TxHash } from "@zpu/protocol/ids";
import type { ChainTransaction } from "./chain-records.ts";

/** A transaction on its way, and where to look for it. */
export interface PostingWatch {
  readonly jobId: JobId;
  /** Unix seconds; afterwards the contract takes the job no more. */
  readonly acceptBy: number;
  /** Known before the broadcast where this process signed. */
  readonly hash: TxHash | undefined;
  /** The broadcast; its failure says nothing about whether the transaction is out. */
  readonly sending: Promise<TxHash>;
  /** Sends the same signed bytes once more; absent where a wallet holds them. */
  readonly sendAgain: (() => Promise<unknown>) | undefined;
  /** Whether this failure of `sending` shows that nothing was signed: a person declined in the wallet. */
  declined(error: unknown): boolean;
  /** The mined transaction, `reverted` where it failed, undefined while it is not mined. */
  receipt(hash: TxHash): Promise<ChainTransaction | "reverted" | undefined>;
  /** The transaction that posted the job, whichever it was. */
  posted(): Promise<ChainTransaction | undefined>;
  /** Whether a mined transaction has used up the nonce. */
  nonceUsed(): Promise<boolean>;
  readonly pollMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How often the nonce must be seen used with neither receipt nor job, so that a node that lags behind is no proof. */
const REPLACED_AFTER_LOOKS = 3;

/**
 * The mined transaction that posted the job. TRANSACTION_REVERTED where it was mined and failed or another took its nonce: nothing is posted
 * then, and the fact mayBePosted is false. Otherwise ESCROW_UNCERTAIN once acceptBy has passed, or CANCELLED by `signal`, both with the facts jobId and mayBePosted: true.
 */
export async function untilPosted(watch: PostingWatch): Promise<ChainTransaction> {
  const { jobId, signal } = watch;
  let { hash } = watch;
  let broken: unknown;
  let detail = "its transaction is not mined yet";
  let looksReplaced = 0;
  watch.sending.then(
    (sent) => { hash ??= sent; }, // prettier-ignore
    (error: unknown) => { broken = error ?? new Error("the broadcast failed"); }, // prettier-ignore
  );
  const refused = (reason: string): ZpuError => new ZpuError("TRANSACTION_REVERTED", { reason, jobId, mayBePosted: false });

  /** One look: the outcome, or undefined while there is none; throws a definite refusal, and CHAIN_UNREACHABLE where it could not look. */
  const look = async (): Promise<ChainTransaction | undefined> => {
    if (hash !== undefined) {
      const mined = await watch.receipt(hash);
      if (mined === "reverted") throw refused(`transaction ${hash} failed`);
      if (mined) return mined;
    }
    const used = hash !== undefined && (await watch.nonceUsed());
    const found = await watch.posted();
    if (found) return found;
    looksReplaced = used ? looksReplaced + 1 : 0;
    if (looksReplaced >= REPLACED_AFTER_LOOKS) throw refused(`another transaction took the place of ${hash ?? "it"}`);
    if (broken !== undefined) await watch.sendAgain?.().catch(() => undefined);
    return undefined;
  };

  const uncertain = { jobId, mayBePosted: true };
  const known = (): Record<string, string> => (hash === undefined ? {} : { transaction: hash });
  for (;;) {
    if (signal?.aborted === true) throw new ZpuError("CANCELLED", { ...uncertain, ...known() });
    if (broken !== undefined && watch.declined(broken)) throw new ZpuError("CANCELLED", {}, broken);
    try {
      const found = await orAbort(look(), signal);
      if (found) return found;
      detail = "its transaction is not mined yet";
    } catch (error) {
      const failure = ZpuError.wrap(error);
      if (failure.code === "TRANSACTION_REVERTED") throw failure;
      detail = failure.message.replace(/\.$/, "");
    }
    if (Date.now() > watch.acceptBy * 1000) throw new ZpuError("ESCROW_UNCERTAIN", { ...uncertain, ...known(), detail }, broken);
    await orAbort(new Promise((resolve) => setTimeout(resolve, watch.pollMs)), signal);
  }
}

/** `promise`, or undefined as soon as `signal` aborts. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return promise;
  const { promise: cut, resolve } = Promise.withResolvers<undefined>();
  const onAbort = (): void => { resolve(undefined); }; // prettier-ignore
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, cut]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => undefined);
  }
}
