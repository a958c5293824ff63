/** Test only: embedded chain, contracts, gateway and a provider that follows a script, so that the SDK meets every way a provider can behave. */
import { createPrivateKey, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOBS_ABI, REGISTRY_ABI, TOKEN_ABI } from "@zpu/contracts/abi";
import { accountOn, fundAccount } from "@zpu/contracts/account";
import { addModelVk } from "@zpu/contracts/deploy";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { ensureAccounts } from "@zpu/devnet/accounts";
import { openChain as openEmbeddedChain } from "@zpu/devnet/chain";
import { ensureDeployed } from "@zpu/devnet/deployment";
import { openFaucet } from "@zpu/devnet/faucet";
import { answerFaucet } from "@zpu/devnet/routes";
import { serveRpc } from "@zpu/devnet/rpc";
import { createGateway, type Gateway } from "@zpu/gateway/gateway";
import { createNode, type NetworkNode } from "@zpu/network/node";
import type { Channel } from "@zpu/network/channel";
import { identityFromSeed } from "@zpu/network/identity";
import { generateKeyPair, open, seal } from "@zpu/network/seal";
import { commitInput, commitOutput, randomSalt } from "@zpu/proofs/commitment";
import type { ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { decodeBody, encodeBody } from "@zpu/protocol/frames";
import { address, bytes32, fromHex, modelId as modelIdSchema, toHex, txHash, type Address, type Bytes32, type JobId } from "@zpu/protocol/ids";
import { jobContext, type JobState } from "@zpu/protocol/job";
import { sealedTensor, sealInfo, type Hello, type JobReply, type JobRequest, type ReceiptMessage } from "@zpu/protocol/messages";
import { tokensToWei } from "@zpu/protocol/money";
import { eip712Domain, NODE_BINDING_TYPES, RECEIPT_TYPES, type NodeBinding, type Receipt, type SignedNodeBinding } from "@zpu/protocol/receipt";
import { openChain, type Chain } from "@zpu/sdk/escrow";
import { Contract, TypedDataEncoder, Wallet } from "ethers";
import { z } from "zod";
import { trapdoor } from "./trapdoor-proofs.ts";

export const MODEL = modelIdSchema.parse(`0x${"5e".repeat(32)}`);
export const MODEL_NAME = "digits-mlp";
const STAKE = tokensToWei(1000);
export const PRICE = tokensToWei(2);
const word = (value: bigint): Bytes32 => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);

type Offer = Extract<JobRequest, { type: "offer" }>;
type JobChannel = Channel<JobReply, JobRequest>;

/** Where the scripted provider departs from an honest one. */
export interface Script {
  reject?: ZpuError;
  /** Refuses the next offer alone. */
  rejectOnce?: ZpuError;
  /** Takes the next offer only after so long. */
  lateOnceMs?: number;
  /** What hellos to requestors ask for, where it is not the usual price. */
  helloPriceWei?: bigint;
  /** Sends its result and never proves on the chain. */
  neverSubmits?: boolean;
  /** Proves another output on the chain than the one it sent. */
  provesAnother?: boolean;
  /** Sends its result only once the job is paid. */
  resultLast?: boolean;
  neverAccept?: boolean;
  neverProve?: boolean;
  wrongOutput?: boolean;
  wrongProof?: boolean;
  wrongReceipt?: boolean;
  /** Breaks the stream right after `posted`, once. */
  breakOnce?: boolean;
  /** Shows requestors another encryption key than the one that was signed. */
  forgedHello?: boolean;
}

export type RpcFault = "refuse" | "lose" | ((result: unknown) => unknown);

export interface SdkRig {
  readonly chain: Chain;
  readonly gateway: Gateway;
  readonly provider: Address;
  readonly receipts: ReceiptMessage[];
  readonly offersSeen: JobId[];
  readonly cancelsSeen: JobId[];
  script: Script;
  /** What becomes of a call of the chain by clients: `refuse` does not reach it, `lose` does and its answer is lost, a function changes the answer. */
  rpcFault: ((method: string) => RpcFault | undefined) | undefined;
  /** What the gateway's list shows instead of the truth. */
  listed: ((providers: ProviderListing[]) => ProviderListing[]) | undefined;
  /** The chain as clients reach it. */
  readonly rpcUrl: string;
  /** The ten outputs that the scripted model gives. */
  logitsOf(pixels: Uint8Array): number[];
  /** A funded requestor key. */
  fundedKey(): Promise<string>;
  /** Signs what is given as the provider's two keys would. */
  sign(binding: NodeBinding, peerSeed?: Uint8Array): Promise<SignedNodeBinding>;
  readonly binding: SignedNodeBinding;
  restartProvider(): Promise<void>;
  stopProvider(): Promise<void>;
  stopRpc(): Promise<void>;
  close(): Promise<void>;
}

/** The chain's RPC as clients see it: every answer may be kept from them. */
async function serveFaulty(target: string, faultOf: (method: string) => RpcFault | undefined): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts).toString("utf8");
      const fault = faultOf((JSON.parse(body) as { method: string }).method);
      if (fault === "refuse") return response.destroy();
      const answer = (await (await fetch(target, { method: "POST", body, headers: { "content-type": "application/json" } })).json()) as object;
      if (fault === "lose") return response.destroy();
      const said = fault && "result" in answer ? { ...answer, result: fault(answer.result) } : answer;
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); }); // prettier-ignore
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); }); // prettier-ignore
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Starts everything; the provider is registered, staked, connected and listed. */
export async function openSdkRig(): Promise<SdkRig> {
  const dir = mkdtempSync(join(tmpdir(), "zpu-sdk-"));
  const accounts = ensureAccounts(dir);
  const embedded = await openEmbeddedChain({ chainId: DEVNET_CHAIN_ID, dataDir: dir, prefunded: [accounts.funderAccount] });
  const { deployment } = await ensureDeployed(embedded, dir, accounts.funder);
  const funder = accountOn(embedded, DEVNET_CHAIN_ID, accounts.funder);
  const { vk, prove } = trapdoor();
  await addModelVk(funder, deployment, MODEL, vk);
  const faucet = openFaucet({ chain: embedded, deployment, funderKey: accounts.funder });
  const rpc = await serveRpc(embedded, { port: 0 });
  const contracts = {
    token: deployment.token,
    registry: deployment.registry,
    jobs: deployment.jobs,
    verifier: deployment.verifier,
    treasury: deployment.treasury,
  };
  const lower = Object.fromEntries(Object.entries(contracts).map(([name, at]) => [name, address.parse(at)])) as unknown as Chain["contracts"];
  const chain = await openChain({ chainId: Number(DEVNET_CHAIN_ID), rpcUrl: rpc.url, contracts: lower, devnet: true });
  let rpcFault: SdkRig["rpcFault"];
  const faulty = await serveFaulty(rpc.url, (method) => rpcFault?.(method));
  const gatewayNode = await createNode({
    peerSeed: randomBytes(32),
    listen: ["/ip4/127.0.0.1/tcp/0"],
    limits: { hello: { perSecond: 100, burst: 100 } },
  });
  const gatewayChain = await openChain({ chainId: Number(DEVNET_CHAIN_ID), rpcUrl: faulty.url, contracts: lower, devnet: true });
  const gateway = await createGateway({
    node: gatewayNode,
    chain: gatewayChain,
    port: 0,
    document: (url) => ({ rpcUrl: faulty.url, models: [{ name: MODEL_NAME, modelId: MODEL }], devnet: true, faucetUrl: `${url}/faucet` }),
    receiptFile: join(dir, "receipts.jsonl"),
    extraRoutes: [
      {
        method: "GET",
        path: /^\/providers$/,
        handle: () => ({ json: { providers: rig.listed ? rig.listed(gateway.providers.list()) : gateway.providers.list() } }),
      },
      {
        method: "POST",
        path: /^\/faucet$/,
        handle: async ({ body }) => ({ json: await answerFaucet(faucet, await body(z.unknown())) }),
      },
    ],
  });

  // the provider: owner, operator, peer and encryption keys
  const owner = accountOn(embedded, DEVNET_CHAIN_ID, Wallet.createRandom().privateKey);
  const operator = accountOn(embedded, DEVNET_CHAIN_ID, Wallet.createRandom().privateKey);
  const ownerAddress = address.parse(owner.address.toLowerCase());
  await fundAccount(funder, deployment.token, owner.address, { gasWei: 10n ** 18n, tokenWei: STAKE });
  await fundAccount(funder, deployment.token, operator.address, { gasWei: 10n ** 18n, tokenWei: 1n });
  const peerSeed = randomBytes(32);
  const { peerKey } = await identityFromSeed(peerSeed);
  const keys = await generateKeyPair();
  let turn: Promise<unknown> = Promise.resolve();
  const send = (target: string, abi: readonly string[], from: Wallet, name: string, ...args: unknown[]): Promise<string> => {
    const result = turn.then(async () => {
      const sent = (await new Contract(target, abi, from).getFunction(name)(...args)) as { hash: string; wait(): Promise<unknown> };
      await sent.wait();
      return sent.hash;
    });
    turn = result.catch(() => undefined);
    return result;
  };
  await send(deployment.token, TOKEN_ABI, owner, "approve", deployment.registry, STAKE);
  await send(deployment.registry, REGISTRY_ABI, owner, "register", operator.address, owner.address, peerKey, STAKE);

  const domain = eip712Domain(DEVNET_CHAIN_ID, lower.jobs);
  const signBinding = async (binding: NodeBinding, seed: Uint8Array = peerSeed): Promise<SignedNodeBinding> => {
    const peer = createPrivateKey({
      key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]),
      format: "der",
      type: "pkcs8",
    });
    return {
      binding,
      operatorSignature: await operator.signTypedData(domain, NODE_BINDING_TYPES, binding),
      peerSignature: toHex(sign(null, fromHex(TypedDataEncoder.hash(domain, NODE_BINDING_TYPES, binding)), peer)),
    };
  };
  const binding = await signBinding({
    provider: ownerAddress,
    operator: address.parse(operator.address.toLowerCase()),
    peerKey,
    encryptionKey: keys.publicKey,
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
  });

  let node: NetworkNode;
  let port = 0;
  const jobs = new Map<JobId, { offer: Offer; pixels: Uint8Array; channel: JobChannel; result?: JobReply; working: boolean }>();
  const logitsOf = (pixels: Uint8Array): number[] =>
    Array.from({ length: 10 }, (_, digit) => pixels.reduce((sum, value, at) => sum + (at % 10 === digit ? value : 0), -1000));

  const rig: SdkRig = {
    chain,
    gateway,
    provider: ownerAddress,
    receipts: [],
    offersSeen: [],
    cancelsSeen: [],
    get rpcFault() {
      return rpcFault;
    },
    set rpcFault(fault) {
      rpcFault = fault;
    },
    listed: undefined,
    rpcUrl: faulty.url,
    script: {},
    logitsOf,
    binding,
    sign: signBinding,
    async fundedKey() {
      const wallet = Wallet.createRandom();
      await fundAccount(funder, deployment.token, wallet.address, { gasWei: 10n ** 18n, tokenWei: tokensToWei(100) });
      return wallet.privateKey;
    },
    async restartProvider() {
      await node.stop();
      await startNode();
    },
    stopProvider: () => node.stop(),
    async stopRpc() {
      await faulty.close();
      await rpc.close();
    },
    async close() {
      await node.stop();
      await gateway.close();
      await gatewayNode.stop();
      chain.close();
      gatewayChain.close();
      faucet.close();
      for (const account of [owner, operator, funder]) account.provider?.destroy();
      await faulty.close();
      await rpc.close().catch(() => undefined);
      await embedded.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };

  const hello = (priceWei = rig.script.helloPriceWei ?? PRICE): Hello => ({
    version: 1,
    role: "provider",
    chainId: DEVNET_CHAIN_ID,
    binding: rig.script.forgedHello ? { ...binding, binding: { ...binding.binding, encryptionKey: word(7n) } } : binding,
    offerings: [{ modelId: MODEL, name: MODEL_NAME, priceWei, proof: "zk" }],
    multiaddrs: node.multiaddrs(),
  });
  const say = (job: { channel: JobChannel }, reply: JobReply): Promise<void> => job.channel.send(reply).catch(() => undefined);
  const tell = (jobId: JobId, state: JobState, tx?: string): Promise<void> | undefined => {
    const job = jobs.get(jobId);
    return job && say(job, { type: "progress", jobId, state, atMs: Date.now(), ...(tx ? { tx: txHash.parse(tx) } : {}) });
  };

  const work = async (jobId: JobId): Promise<void> => {
    const job = jobs.get(jobId);
    if (!job || job.working || rig.script.neverAccept) return;
    job.working = true;
    const { offer, pixels } = job;
    const { spec } = offer;
    if ((await chain.job(jobId)).state !== "posted") throw new ZpuError("JOB_NOT_POSTED", { jobId, detail: "not there" });
    await tell(jobId, "accepted", await send(deployment.jobs, JOBS_ABI, operator, "accept", jobId));
    if (rig.script.neverProve) return;
    const logits = logitsOf(pixels);
    const salt = randomSalt((count) => randomBytes(count));
    const outputCommitment = commitOutput(logits, salt);
    const context = jobContext(DEVNET_CHAIN_ID, lower.jobs, jobId, spec.provider);
    const proof = prove([BigInt(spec.inputCommitment), outputCommitment, context]);
    const shown = rig.script.wrongOutput ? logits.map((value) => value + 1) : logits;
    const data = new Uint8Array(Int32Array.from(shown).buffer);
    const output = await seal(offer.replyKey, sealInfo("output", jobId, offer.requestor, spec.provider), encodeBody({ data, salt: word(salt) }));
    const receipt: Receipt = {
      jobId,
      provider: spec.provider,
      requestor: offer.requestor,
      modelId: spec.modelId,
      engine: "script@1/cpu",
      profile: "integer-v1",
      inputCommitment: spec.inputCommitment,
      outputCommitment: word(outputCommitment),
      startedAtMs: 1,
      finishedAtMs: 2,
    };
    const signer = rig.script.wrongReceipt ? owner : operator;
    const signature = await signer.signTypedData(domain, RECEIPT_TYPES, receipt);
    const shownProof = rig.script.wrongProof ? prove([BigInt(spec.inputCommitment), outputCommitment, context + 1n]) : proof;
    const result: JobReply = {
      type: "result",
      jobId,
      output,
      outputCommitment: word(outputCommitment),
      proof: shownProof,
      receipt: { receipt, signature },
    };
    const sendResult = (): Promise<void> => {
      job.result = result;
      return say(job, result);
    };
    if (!rig.script.resultLast) await sendResult();
    if (rig.script.wrongProof || rig.script.wrongOutput || rig.script.wrongReceipt || rig.script.neverSubmits) return;
    const provenOutput = rig.script.provesAnother
      ? commitOutput(
          logits,
          randomSalt((count) => randomBytes(count)),
        )
      : outputCommitment;
    const submitted = rig.script.provesAnother ? prove([BigInt(spec.inputCommitment), provenOutput, context]) : proof;
    const [[bx0, bx1], [by0, by1]] = submitted.b;
    const onChain = { a: submitted.a, b: [[bx1, bx0], [by1, by0]], c: submitted.c }; // prettier-ignore
    await tell(jobId, "verified", await send(deployment.jobs, JOBS_ABI, operator, "prove", jobId, word(provenOutput), onChain));
    await tell(jobId, "paid", await send(deployment.jobs, JOBS_ABI, operator, "settle", jobId));
    if (rig.script.resultLast) await sendResult();
    await say(job, { type: "ended", jobId, state: "paid" });
    await job.channel.close();
  };

  const serveJob = async (channel: JobChannel): Promise<void> => {
    for await (const request of channel) {
      const { jobId } = request;
      if (request.type === "offer") {
        rig.offersSeen.push(jobId);
        if (rig.script.reject) throw rig.script.reject;
        const { rejectOnce, lateOnceMs } = rig.script;
        delete rig.script.lateOnceMs;
        if (lateOnceMs !== undefined) await new Promise((resolve) => setTimeout(resolve, lateOnceMs));
        delete rig.script.rejectOnce;
        if (rejectOnce) throw rejectOnce;
        const info = sealInfo("input", jobId, request.requestor, request.spec.provider);
        const { data, salt } = decodeBody(await open(keys.privateKey, info, request.input), sealedTensor);
        if (word(commitInput(data, BigInt(salt))) !== request.spec.inputCommitment) throw new ZpuError("COMMITMENT_MISMATCH", { what: "input" });
        jobs.set(jobId, { offer: request, pixels: data, channel, working: false });
        await channel.send({ type: "accepted", jobId });
      } else if (request.type === "posted") {
        if (rig.script.breakOnce) {
          rig.script.breakOnce = false;
          channel.abort(new ZpuError("INTERNAL", { detail: "on purpose" }));
          return;
        }
        void work(jobId).catch((error: unknown) => { channel.abort(ZpuError.wrap(error)); }); // prettier-ignore
      } else if (request.type === "cancel") {
        rig.cancelsSeen.push(jobId);
      } else if (request.type === "resume") {
        const job = jobs.get(jobId);
        if (!job) throw new ZpuError("JOB_UNKNOWN", { jobId });
        job.channel = channel;
        if (job.result) await channel.send(job.result);
      }
    }
  };

  async function startNode(): Promise<void> {
    node = await createNode({ peerSeed, listen: [`/ip4/127.0.0.1/tcp/${port}`], limits: { hello: { perSecond: 100, burst: 100 } } });
    port = Number(/tcp\/(\d+)/.exec(node.multiaddrs()[0] ?? "")?.[1]);
    node.onHello(() => hello());
    node.onJob((channel) => serveJob(channel));
    node.onReceipt((message) => {
      rig.receipts.push(message);
      return { type: "stored", jobId: message.signed.receipt.jobId };
    });
    await node.sayHello(await node.dial(gatewayNode.multiaddrs()), { ...hello(PRICE), binding });
  }
  await startNode();
  return rig;
}
