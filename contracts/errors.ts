/** What a contract's refusal means: decodes revert data and says it in a sentence, with the code by which the app knows it. */
import { Interface } from "ethers";
import { JOBS_ABI, REGISTRY_ABI, TOKEN_ABI, TREASURY_ABI, VERIFIER_ABI } from "./abi.ts";

/** A decoded refusal: the error's name and its arguments as text (addresses and hashes in lower case, numbers in decimal). */
export interface Revert {
  readonly name: string;
  readonly args: Record<string, string>;
}

/** Codes of the app's errors that a refusal maps to. */
export type RevertCode =
  | "TRANSACTION_REVERTED"
  | "PROOF_REJECTED"
  | "JOB_UNKNOWN"
  | "JOB_NOT_POSTED"
  | "JOB_EXPIRED"
  | "INSUFFICIENT_FUNDS"
  | "NOT_REGISTERED"
  | "STAKE_TOO_LOW"
  | "NOTHING_TO_CLAIM"
  | "PROOF_UNAVAILABLE"
  | "DEVNET_ONLY";

const errors = [TOKEN_ABI, REGISTRY_ABI, JOBS_ABI, VERIFIER_ABI, TREASURY_ABI].flat().filter((fragment) => fragment.startsWith("error "));
const decoder = new Interface([...new Set(errors)]);
const JOB_STATES = ["unknown", "posted", "accepted", "proven", "settled", "cancelled", "expired", "refunded"];
const POINTS = ["a", "b", "c"];
const SIGNALS = ["input commitment", "output commitment", "context"];

/** For every custom error: the app's code and a sentence; `{name}` is filled from its arguments. */
export const REVERTS: Record<string, readonly [code: RevertCode, sentence: string]> = {
  // jobs
  JobStateWrong: ["TRANSACTION_REVERTED", "Job {jobId} is {state}, and this step does not follow from there."],
  JobExists: ["TRANSACTION_REVERTED", "Job {jobId} has been posted already."],
  NotRequestor: ["TRANSACTION_REVERTED", "Only the requestor may do this; {caller} is not."],
  NotOperator: ["TRANSACTION_REVERTED", "Only the operator of the job's provider may do this; {caller} is not."],
  ProviderInactive: ["STAKE_TOO_LOW", "The provider {provider} is not registered, or its stake is below the minimum."],
  ModelNotProvable: ["PROOF_UNAVAILABLE", "No verifying key is registered for model {modelId}."],
  PriceZero: ["TRANSACTION_REVERTED", "A job must have a price above zero."],
  TimesInvalid: ["TRANSACTION_REVERTED", "The job must be acceptable from now ({acceptBy}) and end later than that ({deadline})."],
  CommitmentOutOfField: ["PROOF_REJECTED", "The commitment {commitment} is not a number of the proof's field."],
  AcceptTooLate: ["JOB_EXPIRED", "The job could be accepted until {acceptBy}."],
  DeadlinePassed: ["JOB_EXPIRED", "The job's deadline was {deadline}."],
  DeadlineAhead: ["TRANSACTION_REVERTED", "The job has until {deadline}; it cannot expire before."],
  ProofRefused: ["PROOF_REJECTED", "The proof is not one for job {jobId}: its output, input, provider or chain is another."],
  TreasuryMismatch: ["TRANSACTION_REVERTED", "The treasury pays for the jobs contract {jobs}, not for this one."],
  // verifier
  VkForgeable: ["TRANSACTION_REVERTED", "The verifying key lacks a second-phase contribution: anyone could forge proofs for it."],
  VkDevnetOnly: ["DEVNET_ONLY", "The verifying key belongs to the development network and is refused on chain {chainId}."],
  VkExists: ["TRANSACTION_REVERTED", "Model {modelId} has a verifying key already; keys are never replaced."],
  VkUnknown: ["PROOF_UNAVAILABLE", "No verifying key is registered for model {modelId}."],
  VkPointInvalid: ["TRANSACTION_REVERTED", "A point of the verifying key is not on its curve."],
  ProofPointInvalid: ["PROOF_REJECTED", "Point {point} of the proof is not on its curve."],
  SignalOutOfField: ["PROOF_REJECTED", "The {index} is not a number of the proof's field: {value}."],
  PrecompileFailed: ["TRANSACTION_REVERTED", "There was too little gas to check the proof."],
  CodeStorageFailed: ["TRANSACTION_REVERTED", "The verifying key could not be stored: too little gas."],
  OwnableUnauthorizedAccount: ["TRANSACTION_REVERTED", "Only the contract's owner may do this; {account} is not."],
  OwnableInvalidOwner: ["TRANSACTION_REVERTED", "{owner} cannot own a contract."],
  // registry
  AlreadyRegistered: ["TRANSACTION_REVERTED", "The owner {owner} has registered a node already."],
  NotRegistered: ["NOT_REGISTERED", "The owner {owner} has registered no node."],
  OperatorTaken: ["TRANSACTION_REVERTED", "The address {operator} operates another node already."],
  StakeBelowMinimum: ["STAKE_TOO_LOW", "The stake of {stake} wei is below the minimum of {minimum} wei."],
  AmountZero: ["TRANSACTION_REVERTED", "The amount must be above zero."],
  AddressZero: ["TRANSACTION_REVERTED", "The zero address is not accepted."],
  PeerKeyZero: ["TRANSACTION_REVERTED", "The peer key must not be zero."],
  StillThawing: ["TRANSACTION_REVERTED", "The stake is thawing until {endsAt}."],
  NothingThawing: ["TRANSACTION_REVERTED", "No stake is thawing: start with thaw."],
  ThawAboveStake: ["TRANSACTION_REVERTED", "{amount} wei cannot thaw: {stake} wei of active stake are left."],
  NotProposedPayout: ["TRANSACTION_REVERTED", "The owner has not proposed {caller} as payout address."],
  // treasury
  NotJobs: ["TRANSACTION_REVERTED", "Only the jobs contract may credit; {caller} is not."],
  NothingToClaim: ["NOTHING_TO_CLAIM", "There is nothing to claim for {account}."],
  CreditUnfunded: ["TRANSACTION_REVERTED", "The treasury holds {balance} wei and would owe {needed} wei."],
  // token
  ERC20InsufficientBalance: ["INSUFFICIENT_FUNDS", "{sender} holds {balance} wei of NZIDIA and {needed} wei are needed."],
  ERC20InsufficientAllowance: ["INSUFFICIENT_FUNDS", "{spender} may take {allowance} wei of NZIDIA and {needed} wei are needed."],
  ERC20InvalidApprover: ["TRANSACTION_REVERTED", "{approver} cannot approve."],
  ERC20InvalidReceiver: ["TRANSACTION_REVERTED", "{receiver} cannot receive tokens."],
  ERC20InvalidSender: ["TRANSACTION_REVERTED", "{sender} cannot send tokens."],
  ERC20InvalidSpender: ["TRANSACTION_REVERTED", "{spender} cannot be approved."],
  ERC2612ExpiredSignature: ["TRANSACTION_REVERTED", "The permit expired at {deadline}."],
  ERC2612InvalidSigner: ["TRANSACTION_REVERTED", "The permit of {owner} was signed by {signer}."],
  InvalidAccountNonce: ["TRANSACTION_REVERTED", "The next permit of {account} has number {currentNonce}."],
  ECDSAInvalidSignature: ["TRANSACTION_REVERTED", "The signature is not valid."],
  ECDSAInvalidSignatureLength: ["TRANSACTION_REVERTED", "The signature has {length} bytes."],
  ECDSAInvalidSignatureS: ["TRANSACTION_REVERTED", "The signature is not in its canonical form."],
  InvalidShortString: ["TRANSACTION_REVERTED", "A short text of the token is damaged."],
  StringTooLong: ["TRANSACTION_REVERTED", "The text '{str}' is too long."],
  // shared
  ReentrancyGuardReentrantCall: ["TRANSACTION_REVERTED", "The contract was called again in the middle of a call."],
  SafeERC20FailedOperation: ["TRANSACTION_REVERTED", "The token at {token} refused the transfer."],
  // built into Solidity
  Error: ["TRANSACTION_REVERTED", "{message}"],
  Panic: ["TRANSACTION_REVERTED", "The contract failed an internal check (code {code})."],
};

/** What revert data (0x-hex) says; undefined where it is no error of these contracts (empty data: out of gas, or no contract there). */
export function decodeRevert(data: string): Revert | undefined {
  const parsed = /^0x[0-9a-fA-F]{8,}$/.test(data) ? parse(data) : null;
  if (!parsed) return undefined;
  const args: Record<string, string> = {};
  parsed.fragment.inputs.forEach((input, index) => {
    args[input.name === "" ? (ARGUMENT_NAMES[parsed.name] ?? String(index)) : input.name] = shown(parsed.name, input.name, parsed.args[index]);
  });
  return { name: parsed.name, args };
}

/** Names for the arguments of the two built-in errors. */
const ARGUMENT_NAMES: Record<string, string> = { Error: "message", Panic: "code" };

function parse(data: string): ReturnType<Interface["parseError"]> {
  try {
    return decoder.parseError(data);
  } catch {
    return null; // a known selector with damaged arguments
  }
}

function shown(error: string, name: string, value: unknown): string {
  const index = Number(value);
  if (error === "JobStateWrong" && name === "state") return JOB_STATES[index] ?? String(value);
  if (error === "ProofPointInvalid") return POINTS[index] ?? String(value);
  if (error === "SignalOutOfField" && name === "index") return SIGNALS[index] ?? String(value);
  return error === "Error" || name === "str" ? String(value) : String(value).toLowerCase();
}

/** The app's code for a refusal, a sentence for a person, and `reason`: the error's name with its arguments. */
export function describeRevert({ name, args }: Revert): { code: RevertCode; sentence: string; reason: string } {
  const [code, text] = REVERTS[name] ?? (["TRANSACTION_REVERTED", name] as const);
  const sentence = text.replace(/\{(\w+)\}/g, (_, key: string) => args[key] ?? "unknown");
  const list = Object.entries(args).map(([key, value]) => `${key}=${value}`);
  return { code: name === "JobStateWrong" && args.state === "unknown" ? "JOB_UNKNOWN" : code, sentence, reason: `${name}(${list.join(", ")})` };
}
