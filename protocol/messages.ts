/** The messages of `/zpu/<name>/1`, one zod schema each; on the wire each is one CBOR item in one frame. */
import { z } from "zod";
import { errorRecord } from "./errors.ts";
import { address, bytes32, hexBytes, jobId, modelId, txHash } from "./ids.ts";
import { groth16Proof, jobSpec, jobState } from "./job.ts";
import { wei } from "./money.ts";
import { signedNodeBinding, signedReceipt } from "./receipt.ts";

export const PROTOCOL_VERSION = 1;
/** Protocol ids and the largest frame each accepts, in bytes. */
export const PROTOCOLS = {
  hello: { id: "/zpu/hello/1", maxFrameBytes: 4096 },
  job: { id: "/zpu/job/1", maxFrameBytes: 65536 },
  receipt: { id: "/zpu/receipt/1", maxFrameBytes: 2048 },
} as const;

const bytes = (max: number) => z.instanceof(Uint8Array).refine((value) => value.length <= max, `more than ${max} bytes`);

/** Something a provider sells: one model at one price. */
export const offering = z.object({ modelId, name: z.string().min(1).max(64), priceWei: wei, proof: z.enum(["zk", "none"]) });
export type Offering = z.infer<typeof offering>;

/** hello, each side to the other at the start of a connection. A requestor or gateway sends no binding. */
export const hello = z.object({
  version: z.number().int().min(1).max(65535),
  role: z.enum(["provider", "requestor", "gateway"]),
  chainId: z.bigint().positive(),
  binding: signedNodeBinding.optional(),
  offerings: z.array(offering).max(8).default([]),
  multiaddrs: z.array(z.string().max(200)).max(8).default([]),
});
export type Hello = z.infer<typeof hello>;
/** The answer to a hello: the other side's own, or why it wants nothing to do with this one. */
export const helloReply = z.union([hello, z.object({ refused: errorRecord })]);
export type HelloReply = z.infer<typeof helloReply>;

/** HPKE base mode: `enc` is the 32-byte encapsulated key, `ciphertext` carries the AES-256-GCM tag. */
export const sealed = z.object({ enc: bytes(32), ciphertext: bytes(60_000) });
export type Sealed = z.infer<typeof sealed>;

/** job, requestor to provider. `offer` opens; `posted` follows once the escrow is on the chain; `resume` replaces `offer` after a break. */
export const jobRequest = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("offer"),
    jobId,
    requestor: address,
    nonce: wei,
    spec: jobSpec,
    /** Input tensor and salt, sealed to the provider's encryption key; AAD binds the job id and both peers. */
    input: sealed,
    /** X25519 public key the output is sealed to. */
    replyKey: bytes32,
    /** Requestor's EIP-191 signature over the job id: shows that the offer comes from the account that pays. */
    signature: hexBytes,
  }),
  z.object({ type: z.literal("posted"), jobId, tx: txHash }),
  z.object({ type: z.literal("resume"), jobId, signature: hexBytes }),
  z.object({ type: z.literal("cancel"), jobId }),
]);
export type JobRequest = z.infer<typeof jobRequest>;

/** job, provider to requestor. */
export const jobReply = z.discriminatedUnion("type", [
  z.object({ type: z.literal("accepted"), jobId }),
  z.object({ type: z.literal("rejected"), jobId: jobId.optional(), error: errorRecord }),
  z.object({ type: z.literal("progress"), jobId, state: jobState, atMs: z.number().int().nonnegative(), tx: txHash.optional() }),
  z.object({
    type: z.literal("result"),
    jobId,
    /** Output tensor and salt, sealed to `replyKey`. */
    output: sealed,
    outputCommitment: bytes32,
    proof: groth16Proof,
    receipt: signedReceipt,
  }),
  z.object({ type: z.literal("ended"), jobId, state: jobState, error: errorRecord.optional() }),
]);
export type JobReply = z.infer<typeof jobReply>;

/** receipt, requestor to provider: the countersignature (EIP-712, same digest). The provider answers `stored` or an error. */
export const receiptMessage = z.object({ signed: signedReceipt, countersignature: hexBytes });
export type ReceiptMessage = z.infer<typeof receiptMessage>;
export const receiptReply = z.discriminatedUnion("type", [
  z.object({ type: z.literal("stored"), jobId }),
  z.object({ type: z.literal("refused"), error: errorRecord }),
]);
export type ReceiptReply = z.infer<typeof receiptReply>;

/** What is inside `offer.input` and `result.output` once opened (CBOR): raw tensor bytes and the commitment's salt (< r, 32 bytes). */
export const sealedTensor = z.object({ data: bytes(60_000), salt: bytes32 });
export type SealedTensor = z.infer<typeof sealedTensor>;

/** Additional authenticated data of both seals: this job, this direction. Hex and ASCII only. */
export const sealInfo = (direction: "input" | "output", job: string, requestor: string, provider: string): string =>
  `zpu/1/${direction}/${job}/${requestor}/${provider}`;
