/** What a network's web address serves: where everything is, who is live, and the evidence for a job. JSON; big numbers as decimal text. */
import { z } from "zod";
import { address, bytes32, hexBytes, jobId, modelId, peerId, txHash } from "./ids.ts";
import { CHAIN_JOB_STATES, evidenceKind } from "./job.ts";
import { signedNodeBinding, signedReceipt } from "./receipt.ts";

/** A number of up to 78 decimal digits as text; parsed to bigint. */
const decimal = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,77})$/, "expected a decimal number as text")
  .transform(BigInt);

const webUrl = z.url({ protocol: /^https?$/ });

/** GET /.well-known/zpu.json */
export const discoveryDocument = z.object({
  chainId: z.number().int().positive(),
  rpcUrl: webUrl,
  contracts: z.object({ token: address, registry: address, jobs: address, verifier: address, treasury: address }),
  /** Addresses of one gateway's libp2p node, each ending in its peer id. */
  multiaddrs: z.array(z.string().max(200)).max(16),
  /** Models that this network knows by name. */
  models: z
    .array(z.object({ name: z.string().min(1).max(64), modelId }))
    .max(256)
    .default([]),
  devnet: z.boolean().default(false),
  /** Devnet: POST {address} gives gas and tokens. */
  faucetUrl: webUrl.optional(),
  /** Devnet: POST {pixels, label?} has its requestor pay for a digit. */
  askUrl: webUrl.optional(),
});
export type DiscoveryDocument = z.infer<typeof discoveryDocument>;

/** A provider that is connected to the gateway at this moment. What it says is not to be trusted: check the binding. */
export const providerListing = z.object({
  provider: address,
  peerId,
  multiaddrs: z.array(z.string().max(200)).max(8),
  offerings: z.array(z.object({ modelId, name: z.string().max(64), priceWei: decimal, proof: z.enum(["zk", "none"]) })).max(8),
  binding: signedNodeBinding,
  /** Unix milliseconds. */
  connectedAtMs: z.number().int(),
});
export type ProviderListing = z.infer<typeof providerListing>;

/** GET /providers */
export const providerList = z.object({ providers: z.array(providerListing).max(1000) });

const pair = z.tuple([decimal, decimal]);
const transaction = z.object({ hash: txHash, block: z.number().int(), atMs: z.number().int() });

/** GET /proofs/:jobId: what shows that a job was done. Only kind `zk` is a proof. */
export const evidence = z.object({
  kind: evidenceKind.nullable(),
  jobId,
  chainId: z.number().int().positive(),
  jobsContract: address,
  state: z.enum(CHAIN_JOB_STATES),
  requestor: address,
  provider: address,
  modelId,
  priceWei: decimal,
  inputCommitment: bytes32,
  outputCommitment: bytes32.nullable(),
  /** Present for kind `zk`: decoded from the transaction in which the chain verified it. */
  zk: z
    .object({
      system: z.literal("groth16-bn254"),
      verifier: address,
      vkHash: bytes32,
      /** [inputCommitment, outputCommitment, context]. */
      publicSignals: z.tuple([decimal, decimal, decimal]),
      proof: z.object({ a: pair, b: z.tuple([pair, pair]), c: pair }),
      onChainVerified: z.literal(true),
    })
    .nullable(),
  /** Why `zk` is null although the chain has verified a proof. */
  zkMissing: z.string().max(300).optional(),
  transactions: z.object({ posted: transaction, accepted: transaction, proven: transaction, settled: transaction }).partial(),
  receipt: z.object({ signed: signedReceipt, countersignature: hexBytes }).nullable(),
});
export type Evidence = z.infer<typeof evidence>;

/** JSON text of `value`; every bigint becomes decimal text. */
export const toJson = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
