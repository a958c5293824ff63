/** One code per thing that can go wrong; only the code and its facts cross a border, the sentence is made where a person reads it. */
import { z } from "zod";

/** Every code, with the sentence a person reads and what to do about it. `{name}` is filled from the facts. */
export const ERROR_TEXTS = {
  MALFORMED_MESSAGE: ["The message could not be read: {detail}.", "Update the software that sent it."],
  MESSAGE_TOO_LARGE: ["The message has {bytes} bytes; the limit is {limit}.", "Send less in one message."],
  REPLAYED_MESSAGE: [
    "This message was received before and is not acted on twice: job {jobId} is {state}.",
    "Nothing to do: the first one counts; resume the job to hear of it.",
  ],
  RATE_LIMITED: ["Too many requests in a short time.", "Wait {retryMs} ms and try again."],
  VERSION_UNSUPPORTED: ["The other side speaks protocol version {theirs}; this one speaks {ours}.", "Update the older of the two."],
  BINDING_INVALID: ["The peer could not show that it belongs to the registered provider: {detail}.", "Do not send it work; pick another provider."],
  UNKNOWN_MODEL: ["No model '{model}' is offered here.", "Pick one of: {available}."],
  MODEL_HASH_MISMATCH: ["The file of model '{model}' does not have the digest it should ({actual}).", "Reinstall the model; the file is not used."],
  BUDGET_TOO_LOW: ["The budget of {budget} is below the price of {price}.", "Raise maxBudget or choose a cheaper provider."],
  PRICE_CHANGED: ["The provider asks {asked} and was listed at {listed}.", "Choose another provider, or try again once its listing is up to date."],
  INSUFFICIENT_FUNDS: ["The account {account} holds {balance} and {needed} are needed.", "Add funds to the account and try again."],
  INPUT_INVALID: ["The input does not fit the model: {detail}.", "Correct the input and try again."],
  FILE_UNREADABLE: ["The file {path} cannot be read: {detail}.", "Check its name, and that you may read it."],
  COMMITMENT_MISMATCH: ["The {what} does not match its commitment on the chain.", "Ask again; if it repeats, choose another provider."],
  JOB_NOT_POSTED: ["Job {jobId} is not on the chain with the agreed terms: {detail}.", "Post the job with its escrow first."],
  JOB_UNKNOWN: ["There is no job {jobId} here.", "Check the id."],
  JOB_EXPIRED: ["Job {jobId} passed its deadline.", "The escrow can be refunded; post it again with more time."],
  DEADLINE_TOO_SOON: ["The deadline leaves {leftMs} ms and {neededMs} are needed.", "Give the job more time."],
  PROVIDER_BUSY: ["The provider already has {open} open jobs.", "Try again shortly or choose another provider."],
  PROVIDER_PAUSED: ["The provider is paused by its owner.", "Choose another provider."],
  NO_PROVIDER: ["No provider is online for model '{model}'.", "Start a provider, or try again later."],
  GATEWAY_UNREACHABLE: [
    "The network's web address {url} does not answer as it should: {detail}.",
    "Check the address and that the network runs (development network: npm start), then try again.",
  ],
  PEER_UNREACHABLE: ["The provider cannot be reached: {detail}.", "Check its address, or choose another provider."],
  TIMEOUT: ["Nothing was heard for {ms} ms while {waiting}.", "Try again; nothing was lost."],
  CANCELLED: ["Cancelled on request.", "Nothing to do."],
  EXECUTOR_DIED: ["The process that runs models ended in the middle of the job.", "It is started again and the job is run again."],
  PROVER_DIED: ["The process that proves ended in the middle of the job.", "It is started again and the proof is made again."],
  SIGNER_DIED: ["The process that signs ended.", "It is started again; nothing was signed twice."],
  NETWORK_DIED: ["The network process ended.", "It is started again; requestors reconnect."],
  PROOF_INVALID: ["The proof does not verify: {detail}.", "The result is not trusted; ask another provider."],
  PROOF_REJECTED: ["The chain refused the proof: {reason}.", "See the job's history; the escrow is refunded after the deadline."],
  PROOF_UNAVAILABLE: ["No proof can be made for model '{model}': {detail}.", "Use one of: {alternatives}."],
  CHAIN_UNREACHABLE: ["The chain does not answer at {rpc}.", "Check the connection; work goes on when it is back, nothing is lost."],
  CHAIN_MISMATCH: ["The chain at {rpc} is {actual}, expected {expected}.", "Point the node at the right chain."],
  ESCROW_UNCERTAIN: [
    "The escrow of job {jobId} may be on the chain: {detail}.",
    "Do not pay for it twice: look job {jobId} up first, and take its escrow back with refund.",
  ],
  TRANSACTION_REVERTED: ["The contract refused the transaction: {reason}.", "See the reason; nothing was paid."],
  NOT_REGISTERED: [
    "This provider is not registered.",
    "Run: zpu-node --register-node --stake 1000NZIDIA (in a clone: npx zpu-node --register-node --stake 1000NZIDIA)",
  ],
  STAKE_TOO_LOW: ["The stake is {stake}; at least {minimum} is needed.", "Add stake."],
  NOTHING_TO_CLAIM: ["There is nothing to claim yet.", "Finish a paid job first."],
  DISK_FULL: ["The disk is full: {path}.", "Free some space; new jobs are refused until then and nothing is lost."],
  DATA_FOLDER_UNUSABLE: ["The folder {path} cannot be used for data: {reason}.", "Choose another folder with --data, or clear the way for this one."],
  ALREADY_RUNNING: ["A node already runs on this data directory (process {pid}).", "Stop it first, or choose another --data directory."],
  PORT_TAKEN: ["The port {port} is taken by another program on this machine.", "Choose another one with {option}, or end that program."],
  NOT_RUNNING: [
    "No node runs on this data directory.",
    "Start one: npm start (development network), or zpu-node start (in a clone: npx zpu-node start)",
  ],
  NODE_ENDED: [
    "The node ended {detail}.",
    "Start it again: npm start (development network), or zpu-node start (in a clone: npx zpu-node start); zpu-node jobs then shows where its jobs are.",
  ],
  UNAUTHORISED: [
    "This page is not allowed to talk to the node.",
    "Open the address the node printed; each is good for one browser. A fresh one: zpu-node open (in a clone: npx zpu-node open)",
  ],
  CONFIRM_IN_TERMINAL: ["This needs a signature that a browser page may not ask for.", "Run it in the terminal: {command}"],
  DEVNET_ONLY: ["This works on the devnet only.", "Start it with: npm start"],
  KEY_FILE_EXPOSED: ["The key file {path} can be read by other users of this machine (mode {mode}).", "Run: chmod 600 {path}"],
  KEY_FILE_INVALID: [
    "The key file {path} cannot be used: {detail}.",
    "Restore it from your backup; without it the account's funds are out of reach.",
  ],
  SIGNATURE_REFUSED: [
    "The signer will not sign this: {detail}.",
    "Nothing was signed. Check the node's settings; if it repeats, report it with the log.",
  ],
  NOT_SUPPORTED: ["{what} is not supported.", "{alternatives}"],
  DATA_VERSION_UNKNOWN: [
    "The file {path} has data of version {actual}; this program reads version {expected}.",
    "Use the program that wrote it, or choose another --data directory.",
  ],
  CONFIG_INVALID: ["The setting {name} is not valid: {detail}.", "Correct it and start again."],
  INTERNAL: ["Something went wrong inside: {detail}.", "Please report it with the log."],
} as const satisfies Record<string, readonly [sentence: string, remedy: string]>;

export type ErrorCode = keyof typeof ERROR_TEXTS;
export const errorCode = z.enum(Object.keys(ERROR_TEXTS) as [ErrorCode, ...ErrorCode[]]);

/** What is known about an error: flat, safe to show, no secrets. */
export const errorFacts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type ErrorFacts = z.infer<typeof errorFacts>;

/** The form in which an error crosses a border. */
export const errorRecord = z.object({ code: errorCode, facts: errorFacts });
export type ErrorRecord = z.infer<typeof errorRecord>;

/** The sentence and the remedy of an error, facts filled in (a missing fact reads 'unknown'). */
export function describeError(error: ErrorRecord): { sentence: string; remedy: string } {
  const [sentence, remedy] = ERROR_TEXTS[error.code];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_, name: string) => String(error.facts[name] ?? "unknown"));
  return { sentence: fill(sentence), remedy: fill(remedy) };
}

/** An error with a code and facts; `message` is the person's sentence. The only error class that crosses rooms. */
export class ZpuError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, cause?: unknown) {
    super(describeError({ code, facts }).sentence, cause === undefined ? undefined : { cause });
    this.name = "ZpuError";
    this.code = code;
    this.facts = facts;
  }

  /** What to do about it, for a person. */
  get remedy(): string {
    return describeError(this).remedy;
  }

  /** Code and facts alone, as they cross a border. */
  toRecord(): ErrorRecord {
    return { code: this.code, facts: this.facts };
  }

  /** The error that a record describes. */
  static from(record: ErrorRecord): ZpuError {
    return new ZpuError(record.code, record.facts);
  }

  /** `error` itself where it is a ZpuError, otherwise INTERNAL with its message as detail. */
  static wrap(error: unknown): ZpuError {
    if (error instanceof ZpuError) return error;
    return new ZpuError("INTERNAL", { detail: error instanceof Error ? error.message : String(error) }, error);
  }
}
