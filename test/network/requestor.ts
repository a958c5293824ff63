/** A requestor whose every step can be bent: it speaks the protocols itself, so that a test may say or send what the SDK never would. */
import { randomBytes } from "node:crypto";
import { createNode, type NetworkNode } from "@zpu/network/node";
import type { Channel } from "@zpu/network/channel";
import { generateKeyPair, open, seal, type SealKeyPair } from "@zpu/network/seal";
import { commitInput, randomSalt } from "@zpu/proofs/commitment";
import { discoveryDocument, providerList, type DiscoveryDocument, type ProviderListing } from "@zpu/protocol/discovery";
import { decodeBody, encodeBody } from "@zpu/protocol/frames";
import { bytes32, type Address, type Bytes32, type JobId, type ModelId } from "@zpu/protocol/ids";
import { deriveJobId, type JobSpec } from "@zpu/protocol/job";
import { sealedTensor, sealInfo, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import { newRequestorKey, openChain, type Account, type Chain } from "@zpu/sdk/escrow";

export type Offer = Extract<JobRequest, { type: "offer" }>;

/** What a bent offer differs in. */
export interface OfferTerms {
  readonly pixels?: Uint8Array;
  readonly priceWei?: bigint;
  readonly modelId?: ModelId;
  readonly acceptInSeconds?: number;
  readonly deadlineInSeconds?: number;
  readonly inputCommitment?: Bytes32;
  /** Tensor bytes that are sealed instead of the pixels. */
  readonly data?: Uint8Array;
  /** Key that the input is sealed to instead of the provider's. */
  readonly sealTo?: Bytes32;
  readonly provider?: Address;
}

export interface HandRequestor {
  readonly node: NetworkNode;
  readonly chain: Chain;
  readonly account: Account;
  readonly document: DiscoveryDocument;
  readonly listing: ProviderListing;
  /** Connects to the provider, once. */
  dial(): Promise<void>;
  openJob(): Promise<Channel<JobRequest, JobReply>>;
  makeOffer(terms?: OfferTerms): Promise<{ offer: Offer; nonce: bigint; spec: JobSpec; jobId: JobId }>;
  /** The ten outputs of a result. */
  openOutput(reply: Extract<JobReply, { type: "result" }>): Promise<number[]>;
  close(): Promise<void>;
}

export const hex32 = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

/** A requestor at the network of `url`, funded by its faucet unless `funded` is false. */
export async function openRequestor(url: string, options: { funded?: boolean } = {}): Promise<HandRequestor> {
  const document = discoveryDocument.parse(await (await fetch(`${url}/.well-known/zpu.json`)).json());
  const { providers } = providerList.parse(await (await fetch(`${url}/providers`)).json());
  const [listing] = providers;
  if (listing === undefined) throw new Error("no provider is listed");
  const chain = await openChain(document);
  const account = await chain.account(newRequestorKey());
  if (options.funded !== false) {
    const funded = await fetch(`${url}/faucet`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ address: account.address }),
    });
    if (!funded.ok) throw new Error(`the faucet refused: ${await funded.text()}`);
  }
  const node = await createNode({ peerSeed: randomBytes(32), listen: [] });
  const keys: SealKeyPair = await generateKeyPair();
  return {
    node,
    chain,
    account,
    document,
    listing,
    async dial() {
      await node.dial(listing.multiaddrs);
    },
    openJob: () => node.openJob(listing.peerId),
    async makeOffer(terms = {}) {
      const pixels = terms.pixels ?? new Uint8Array(784).map((_, index) => (index % 28 > 12 && index % 28 < 16 ? 255 : 0));
      const salt = randomSalt(randomBytes);
      const nowSeconds = Math.floor(Date.now() / 1000);
      const [offering] = listing.offerings;
      if (offering === undefined) throw new Error("the provider offers nothing");
      const spec: JobSpec = {
        provider: terms.provider ?? listing.provider,
        modelId: terms.modelId ?? offering.modelId,
        inputCommitment: terms.inputCommitment ?? hex32(commitInput(pixels, salt)),
        priceWei: terms.priceWei ?? offering.priceWei,
        acceptBy: nowSeconds + (terms.acceptInSeconds ?? 60),
        deadline: nowSeconds + (terms.deadlineInSeconds ?? 600),
      };
      const nonce = BigInt(`0x${randomBytes(32).toString("hex")}`);
      const jobId = deriveJobId(account.address, nonce, spec);
      const info = sealInfo("input", jobId, account.address, spec.provider);
      const tensor = encodeBody({ data: terms.data ?? pixels, salt: hex32(salt) });
      const input = await seal(terms.sealTo ?? listing.binding.binding.encryptionKey, info, tensor);
      const offer: Offer = {
        type: "offer",
        jobId,
        requestor: account.address,
        nonce,
        spec,
        input,
        replyKey: keys.publicKey,
        signature: await account.signJobId(jobId),
      };
      return { offer, nonce, spec, jobId };
    },
    async openOutput(reply) {
      const info = sealInfo("output", reply.jobId, account.address, listing.provider);
      const { data } = decodeBody(await open(keys.privateKey, info, reply.output), sealedTensor);
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      return Array.from({ length: data.length / 4 }, (_, index) => view.getInt32(index * 4, true));
    },
    async close() {
      await node.stop();
      chain.close();
    },
  };
}
