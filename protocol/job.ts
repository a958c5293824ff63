/** What a job is: its terms on the chain, its states on both sides, and the values the proof binds. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { z } from "zod";
import { address, bytes32, fromHex, jobId as jobIdSchema, modelId, toHex, type Address, type Bytes32, type JobId } from "./ids.ts";
import { wei } from "./money.ts";

/** Order r of the BN254 scalar field, the field of the public signals (EIP-197). */
export const BN254_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** How a result is backed; only `zk` is a proof. */
export const evidenceKind = z.enum(["receipt", "replicated", "audited", "zk"]);
export type EvidenceKind = z.infer<typeof evidenceKind>;

/** The terms of a job, as the requestor posts them (`IZPUJobs.JobSpec`, same order). Times are Unix seconds. */
export const jobSpec = z.object({
  provider: address,
  modelId,
  inputCommitment: bytes32,
  priceWei: wei,
  acceptBy: z.number().int().positive(),
  deadline: z.number().int().positive(),
});
export type JobSpec = z.infer<typeof jobSpec>;

/** States of a job in `ZPUJobs`, in the order of the Solidity enum. */
export const CHAIN_JOB_STATES = ["none", "posted", "accepted", "proven", "settled", "cancelled", "expired", "refunded"] as const;
export type ChainJobState = (typeof CHAIN_JOB_STATES)[number];

/**
 * States of a job on the provider's machine. The way of a paid job:
 * offered -> accepting -> accepted -> executed -> proven -> submitting -> verified -> settling -> paid.
 * Ends: paid, cancelled (by the requestor), expired (deadline), failed (named error). An offer that is refused is no job.
 * From settling a job goes back to submitting where the chain took the verification back (a reorganisation).
 */
export const jobState = z.enum([
  "offered", "accepting", "accepted", "executed", "proven", "submitting", "verified", "settling", "paid",
  "cancelled", "expired", "failed",
]); // prettier-ignore
export type JobState = z.infer<typeof jobState>;

const NEXT: Record<JobState, readonly JobState[]> = {
  offered: ["accepting", "cancelled", "expired"],
  accepting: ["accepted", "cancelled", "expired", "failed"],
  accepted: ["executed", "expired", "failed"],
  executed: ["proven", "expired", "failed"],
  proven: ["submitting", "expired", "failed"],
  submitting: ["verified", "expired", "failed"],
  verified: ["settling", "paid"],
  settling: ["paid", "submitting", "expired"],
  paid: [],
  cancelled: [],
  expired: [],
  failed: [],
};

/** Whether a job may go from one state to the other in a single step. */
export const mayBecome = (from: JobState, to: JobState): boolean => NEXT[from].includes(to);
/** Whether nothing follows the state. */
export const isTerminal = (state: JobState): boolean => NEXT[state].length === 0;

const word = (value: bigint | string): Uint8Array => {
  const digits = (typeof value === "bigint" ? value.toString(16) : value.slice(2)).padStart(64, "0");
  return fromHex(`0x${digits}`);
};
const keccakWords = (...words: (bigint | string)[]): Uint8Array => {
  const bytes = new Uint8Array(words.length * 32);
  words.forEach((value, index) => bytes.set(word(value), index * 32));
  return keccak_256(bytes);
};

/**
 * The third public signal: uint256(keccak256(abi.encode(chainId, jobsContract, jobId, provider))) >> 8.
 * 248 bits, hence below r. Binds a proof to one job of one provider on one chain (`ZPUJobs.contextOf`).
 */
export function jobContext(chainId: bigint, jobsContract: Address, jobId: JobId, provider: Address): bigint {
  return BigInt(toHex(keccakWords(chainId, jobsContract, jobId, provider))) >> 8n;
}

/** keccak256(abi.encode(spec)): the digest of a job's terms (`ZPUJobs.specHash`). */
export function specHash(spec: JobSpec): Bytes32 {
  return bytes32.parse(
    toHex(keccakWords(spec.provider, spec.modelId, spec.inputCommitment, spec.priceWei, BigInt(spec.acceptBy), BigInt(spec.deadline))),
  );
}

/** keccak256(abi.encode(requestor, nonce, specHash(spec))): known before the job is posted, so posting twice is impossible. */
export function deriveJobId(requestor: Address, nonce: bigint, spec: JobSpec): JobId {
  return jobIdSchema.parse(toHex(keccakWords(requestor, nonce, specHash(spec))));
}

/** A Groth16 proof over BN254, affine coordinates; G2 as [c0, c1] (c0 + c1 u, the order of snarkjs, not of EIP-197). */
export const groth16Proof = z.object({
  a: z.tuple([z.bigint(), z.bigint()]),
  b: z.tuple([z.tuple([z.bigint(), z.bigint()]), z.tuple([z.bigint(), z.bigint()])]),
  c: z.tuple([z.bigint(), z.bigint()]),
});
export type Groth16Proof = z.infer<typeof groth16Proof>;
