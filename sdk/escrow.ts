/** The chain as a requestor needs it: reading jobs, keys and proofs, and posting, cancelling and refunding an escrow. The only file here that meets ethers. */
import { JOBS_ABI, REGISTRY_ABI, TOKEN_ABI, TREASURY_ABI, VERIFIER_ABI } from "@zpu/contracts/abi";
import { decodeRevert, describeRevert } from "@zpu/contracts/errors";
import type { BindingTypedData } from "@zpu/network/binding";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import {
  address,
  bytes32,
  jobId as jobIdSchema,
  modelId as modelIdSchema,
  txHash,
  type Address,
  type Bytes32,
  type JobId,
  type ModelId,
  type TxHash,
} from "@zpu/protocol/ids";
import { CHAIN_JOB_STATES, deriveJobId, type Groth16Proof, type JobSpec } from "@zpu/protocol/job";
import { eip712Domain, NODE_BINDING_TYPES, RECEIPT_TYPES, type Receipt } from "@zpu/protocol/receipt";
import {
  BaseWallet,
  Contract,
  FetchRequest,
  getBytes,
  Interface,
  isError,
  JsonRpcProvider,
  Network,
  Signature,
  Transaction,
  TypedDataEncoder,
  verifyMessage,
  verifyTypedData,
  Wallet,
  type Log,
  type Signer,
} from "ethers";
import type { ChainJob, ChainTransaction, ChainVerifyingKey, JobTransactions } from "./chain-records.ts";
import { untilPosted } from "./posting.ts";

/** What pays: a private key (0x-hex of 32 bytes) or an ethers signer. */
export type RequestorSigner = string | Signer;

/** Reading the chain. Every call throws CHAIN_UNREACHABLE where it does not answer. */
export interface Chain {
  readonly chainId: bigint;
  readonly contracts: DiscoveryDocument["contracts"];
  /** Between two looks at something that is awaited. */
  readonly pollMs: number;
  /** Throws JOB_UNKNOWN where it was never posted. */
  job(jobId: JobId): Promise<ChainJob>;
  /** The registry's record of a provider; throws NOT_REGISTERED. */
  node(provider: Address): Promise<{ operator: Address; peerKey: Bytes32; active: boolean }>;
  /** Throws PROOF_UNAVAILABLE where the model has none. */
  verifyingKey(modelId: ModelId): Promise<{ key: ChainVerifyingKey; vkHash: Bytes32 }>;
  transactions(jobId: JobId): Promise<JobTransactions>;
  /** The proof in the calldata of the transaction `hash` that proved `jobId`; throws PROOF_UNAVAILABLE where it is not a direct call of `prove`. */
  proofIn(hash: TxHash, jobId: JobId): Promise<Groth16Proof>;
  tokenBalanceWei(account: Address): Promise<bigint>;
  gasBalanceWei(account: Address): Promise<bigint>;
  /** Unix seconds of the latest block. */
  now(): Promise<number>;
  readonly bindingTypedData: BindingTypedData;
  /** The account that signed `receipt`; throws where the signature is malformed. */
  receiptSigner(receipt: Receipt, signature: string): Address;
  close(): void;
  /** The account of `signer` on this chain, able to send. */
  account(signer: RequestorSigner): Promise<Account>;
}

/** Sending to the chain. Every call waits until it is mined and throws the contract's refusal as its code. */
export interface Account {
  readonly address: Address;
  /** EIP-191 over the 32 bytes of the job id. */
  signJobId(jobId: JobId): Promise<string>;
  signReceipt(receipt: Receipt): Promise<string>;
  /**
   * Posts the job with its escrow, by permit: one transaction, no standing allowance. Once the transaction may be out, the only refusal is
   * that of the mined transaction or of another in its place; else it waits until acceptBy, and an error then has the fact mayBePosted: true.
   * An error without that fact comes from before: nothing was sent.
   */
  post(spec: JobSpec, nonce: bigint, signal?: AbortSignal): Promise<ChainTransaction>;
  cancel(jobId: JobId): Promise<ChainTransaction>;
  expire(jobId: JobId): Promise<ChainTransaction>;
  refund(jobId: JobId): Promise<ChainTransaction>;
  /** Takes what the treasury holds for this account; undefined where that is nothing. */
  claim(): Promise<ChainTransaction | undefined>;
}

const EVENT_OF = {
  JobPosted: "posted",
  JobAccepted: "accepted",
  JobProven: "proven",
  JobSettled: "settled",
  JobCancelled: "cancelled",
  JobExpired: "expired",
  JobRefunded: "refunded",
} as const;
const ZERO = `0x${"0".repeat(40)}`;
const MINED_WITHIN_MS = 120_000;
const lower = (value: unknown): string => String(value).toLowerCase();
const pair = (value: unknown): readonly [bigint, bigint] => {
  const [first, second] = value as [bigint, bigint];
  return [BigInt(first), BigInt(second)];
};
const twoPairs = (value: unknown): readonly [readonly [bigint, bigint], readonly [bigint, bigint]] => {
  const [first, second] = value as [unknown, unknown];
  return [pair(first), pair(second)];
};

/** What an error of the chain library means here. */
function chainError(error: unknown, rpc: string): ZpuError {
  if (error instanceof ZpuError) return error;
  if (isError(error, "CALL_EXCEPTION")) {
    const revert = error.data ? decodeRevert(error.data) : undefined;
    if (revert) {
      const { code, reason } = describeRevert(revert);
      return new ZpuError(code, { ...revert.args, reason }, error);
    }
    return new ZpuError("TRANSACTION_REVERTED", { reason: error.shortMessage }, error);
  }
  if (isError(error, "ACTION_REJECTED")) return new ZpuError("CANCELLED", {}, error); // a person declined in the wallet
  if (isError(error, "INSUFFICIENT_FUNDS"))
    return new ZpuError("INSUFFICIENT_FUNDS", { account: "of the requestor", balance: "too little gas money", needed: "more" }, error);
  return new ZpuError("CHAIN_UNREACHABLE", { rpc, detail: error instanceof Error ? error.message.slice(0, 120) : String(error) }, error);
}

/** Connects to the chain of a discovery document; throws CHAIN_MISMATCH where another chain answers there. */
export async function openChain(document: Pick<DiscoveryDocument, "chainId" | "rpcUrl" | "contracts" | "devnet">): Promise<Chain> {
  const { contracts, rpcUrl } = document;
  const chainId = BigInt(document.chainId);
  const request = new FetchRequest(rpcUrl);
  request.timeout = 10_000;
  const network = Network.from(chainId);
  const provider = new JsonRpcProvider(request, network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1 });
  const asking = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw chainError(error, rpcUrl);
    }
  };
  try {
    const actual = BigInt((await asking(() => provider.send("eth_chainId", []))) as string);
    if (actual !== chainId) throw new ZpuError("CHAIN_MISMATCH", { rpc: rpcUrl, actual: actual.toString(), expected: chainId.toString() });
  } catch (error) {
    provider.destroy();
    throw error;
  }
  const jobsInterface = new Interface(JOBS_ABI);
  const view = (target: string, abi: readonly string[]) => {
    const contract = new Contract(target, abi, provider);
    return (name: string, ...args: unknown[]): Promise<unknown> => asking(() => contract.getFunction(name).staticCall(...args) as Promise<unknown>);
  };
  const [token, registry, jobs, verifier] = [
    view(contracts.token, TOKEN_ABI),
    view(contracts.registry, REGISTRY_ABI),
    view(contracts.jobs, JOBS_ABI),
    view(contracts.verifier, VERIFIER_ABI),
  ];
  const treasury = view(contracts.treasury, TREASURY_ABI);
  const domain = eip712Domain(chainId, contracts.jobs);
  const pollMs = document.devnet ? 250 : 2000;
  const blockTimes = new Map<number, number>();
  const blockMs = async (block: number): Promise<number> => {
    const known = blockTimes.get(block);
    if (known !== undefined) return known;
    const found = await asking(() => provider.getBlock(block));
    if (!found) throw new ZpuError("CHAIN_UNREACHABLE", { rpc: rpcUrl, detail: `it does not give block ${block}` });
    if (blockTimes.size > 1000) blockTimes.clear();
    blockTimes.set(block, found.timestamp * 1000);
    return found.timestamp * 1000;
  };

  const chain: Chain = {
    chainId,
    contracts,
    pollMs,
    async job(jobId) {
      const found = (await jobs("jobOf", jobId)) as Record<string, unknown>;
      const state = CHAIN_JOB_STATES[Number(found.state)];
      if (state === undefined || state === "none") throw new ZpuError("JOB_UNKNOWN", { jobId });
      return {
        state,
        requestor: address.parse(lower(found.requestor)),
        provider: address.parse(lower(found.provider)),
        modelId: modelIdSchema.parse(found.modelId),
        inputCommitment: bytes32.parse(found.inputCommitment),
        outputCommitment: bytes32.parse(found.outputCommitment),
        priceWei: BigInt(found.price as bigint),
        acceptBy: Number(found.acceptBy),
        deadline: Number(found.deadline),
      };
    },
    async node(owner) {
      const [found, active] = await Promise.all([registry("nodeOf", owner) as Promise<Record<string, unknown>>, registry("isActive", owner)]);
      const operator = address.parse(lower(found.operator));
      if (operator === ZERO) throw new ZpuError("NOT_REGISTERED", { provider: owner });
      return { operator, peerKey: bytes32.parse(found.peerKey), active: active === true };
    },
    async verifyingKey(modelId) {
      if ((await verifier("hasVk", modelId)) !== true) {
        throw new ZpuError("PROOF_UNAVAILABLE", {
          model: modelId,
          detail: "the chain has no verifying key for it",
          alternatives: "a model with a registered key",
        });
      }
      const [found, vkHash] = await Promise.all([verifier("vkOf", modelId) as Promise<Record<string, unknown>>, verifier("vkHashOf", modelId)]);
      const key: ChainVerifyingKey = {
        alpha: pair(found.alpha),
        beta: twoPairs(found.beta),
        gamma: twoPairs(found.gamma),
        delta: twoPairs(found.delta),
        ic: [...(found.ic as Iterable<unknown>)].map(pair),
      };
      return { key, vkHash: bytes32.parse(vkHash) };
    },
    async transactions(jobId) {
      const logs = await asking(() => provider.getLogs({ address: contracts.jobs, topics: [null, jobId], fromBlock: 0, toBlock: "latest" }));
      const found: JobTransactions = {};
      const named = (log: Log): keyof JobTransactions | undefined => EVENT_OF[jobsInterface.parseLog(log)?.name as keyof typeof EVENT_OF];
      for (const log of logs) {
        const name = log.removed ? undefined : named(log);
        if (name) found[name] = { hash: txHash.parse(log.transactionHash), block: log.blockNumber, atMs: await blockMs(log.blockNumber) };
      }
      return found;
    },
    async proofIn(hash, jobId) {
      const sent = await asking(() => provider.getTransaction(hash));
      const call = sent?.to?.toLowerCase() === contracts.jobs ? jobsInterface.parseTransaction({ data: sent.data }) : null;
      if (call?.name !== "prove" || call.args[0] !== jobId) {
        throw new ZpuError("PROOF_UNAVAILABLE", {
          model: "of this job",
          detail: `transaction ${hash} is not a direct call of prove`,
          alternatives: "the transaction's trace",
        });
      }
      const proof = call.args.proof as Record<string, unknown>;
      const [[bx1, bx0], [by1, by0]] = twoPairs(proof.b);
      return { a: [...pair(proof.a)], b: [[bx0, bx1], [by0, by1]], c: [...pair(proof.c)] }; // prettier-ignore
    },
    tokenBalanceWei: async (account) => BigInt((await token("balanceOf", account)) as bigint),
    gasBalanceWei: (account) => asking(() => provider.getBalance(account)),
    async now() {
      const block = await asking(() => provider.getBlock("latest"));
      return block?.timestamp ?? Math.floor(Date.now() / 1000);
    },
    bindingTypedData: {
      digest: (binding) => bytes32.parse(TypedDataEncoder.hash(domain, NODE_BINDING_TYPES, binding)),
      recover: (binding, signature) => address.parse(lower(verifyTypedData(domain, NODE_BINDING_TYPES, binding, signature))),
    },
    receiptSigner: (receipt, signature) => address.parse(lower(verifyTypedData(domain, RECEIPT_TYPES, receipt, signature))),
    close: () => { provider.destroy(); }, // prettier-ignore
    account: openAccount,
  };

  async function openAccount(given: RequestorSigner): Promise<Account> {
    let signer: Signer;
    try {
      const connected = typeof given === "string" ? new Wallet(given, provider) : given;
      signer = connected instanceof BaseWallet || !connected.provider ? connected.connect(provider) : connected;
    } catch (error) {
      throw new ZpuError("CONFIG_INVALID", { name: "signer", detail: "expected a private key of 32 bytes as 0x-hex" }, error);
    }
    const wallets = signer.provider;
    if (wallets && wallets !== provider) {
      const { chainId: actual } = await asking(() => wallets.getNetwork());
      if (actual !== chainId) throw new ZpuError("CHAIN_MISMATCH", { rpc: "the signer", actual: actual.toString(), expected: chainId.toString() });
    }
    const owner = address.parse(lower(await signer.getAddress()));
    let turn: Promise<unknown> = Promise.resolve();

    /** One after another up to the broadcast, so that nonces and permits are not given twice. */
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const result = turn.then(work);
      turn = result.catch(() => undefined);
      return result;
    };
    let nextNonce = 0;
    /** Signed here where the key is here, so that the hash is known before anything is out; a wallet signs and sends in one. */
    const prepare = async (to: string, data: string): Promise<Prepared> => {
      const gas = await provider.estimateGas({ from: owner, to, data }); // simulates: a refusal is known here, before anything is sent
      const nonce = Math.max(nextNonce, await provider.getTransactionCount(owner, "pending"));
      const wanted = { to, data, nonce, chainId, gasLimit: (gas * 13n) / 10n };
      const sent = (hash: string): TxHash => {
        nextNonce = Math.max(nextNonce, nonce + 1);
        return txHash.parse(hash);
      };
      if (!(signer instanceof BaseWallet)) return { nonce, send: async () => sent((await signer.sendTransaction(wanted)).hash) };
      const raw = await signer.signTransaction(await signer.populateTransaction(wanted));
      const hash = txHash.parse(Transaction.from(raw).hash);
      const send = async (): Promise<TxHash> => {
        await provider.send("eth_sendRawTransaction", [raw]);
        return sent(hash);
      };
      return { nonce, hash, send };
    };
    const receiptOf = async (hash: string): Promise<ChainTransaction | "reverted" | undefined> => {
      const receipt = await asking(() => provider.getTransactionReceipt(hash));
      if (receipt?.status === 0) return "reverted";
      return receipt ? { hash: txHash.parse(hash), block: receipt.blockNumber, atMs: await blockMs(receipt.blockNumber) } : undefined;
    };
    const mined = async (hash: string): Promise<ChainTransaction> => {
      const until = performance.now() + MINED_WITHIN_MS;
      for (;;) {
        const found = await receiptOf(hash);
        if (found === "reverted") throw new ZpuError("TRANSACTION_REVERTED", { reason: `transaction ${hash} failed` });
        if (found) return found;
        if (performance.now() > until) throw new ZpuError("TIMEOUT", { ms: MINED_WITHIN_MS, waiting: `transaction ${hash} is mined` });
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    };
    const send = async (to: string, data: () => Promise<string>): Promise<ChainTransaction> =>
      mined(await inTurn(() => asking(async () => (await prepare(to, await data())).send())));
    const sendJob = (name: "cancel" | "expire" | "refund") => (jobId: JobId) =>
      send(contracts.jobs, () => Promise.resolve(jobsInterface.encodeFunctionData(name, [jobId])));

    /** The transaction that posted `jobId`, whichever it was. */
    const postedOf = async (jobId: JobId): Promise<ChainTransaction | undefined> => {
      try {
        await chain.job(jobId);
      } catch (error) {
        if (error instanceof ZpuError && error.code === "JOB_UNKNOWN") return undefined;
        throw error;
      }
      return (await chain.transactions(jobId)).posted;
    };
    const sendPost = async (
      spec: JobSpec,
      jobNonce: bigint,
      signal: AbortSignal | undefined,
      data: () => Promise<string>,
    ): Promise<ChainTransaction> => {
      const jobId = deriveJobId(owner, jobNonce, spec);
      const out = Promise.withResolvers<{ prepared: Prepared; sending: Promise<TxHash> }>();
      inTurn(async () => {
        const prepared = await asking(async () => prepare(contracts.jobs, await data()));
        if (signal?.aborted === true) throw new ZpuError("CANCELLED"); // nothing is out yet
        const sending = prepared.send();
        out.resolve({ prepared, sending });
        await sending.catch(() => undefined); // its failure is the watch's to judge
      }).catch(out.reject);
      const { prepared, sending } = await out.promise;
      return untilPosted({
        jobId,
        acceptBy: spec.acceptBy,
        hash: prepared.hash,
        sending,
        sendAgain: prepared.hash === undefined ? undefined : prepared.send,
        declined: (error) => isError(error, "ACTION_REJECTED"),
        receipt: receiptOf,
        posted: () => postedOf(jobId),
        nonceUsed: async () => (await asking(() => provider.getTransactionCount(owner, "latest"))) > prepared.nonce,
        pollMs,
        signal,
      });
    };

    return {
      address: owner,
      signJobId: (jobId) => asking(() => signer.signMessage(getBytes(jobIdSchema.parse(jobId)))),
      signReceipt: (receipt) => signer.signTypedData(domain, RECEIPT_TYPES, receipt),
      post: (spec, nonce, signal) =>
        sendPost(spec, nonce, signal, async () => {
          const tokenView = new Contract(contracts.token, TOKEN_ABI, provider);
          const [permitNonce, tokenDomain] = (await Promise.all([
            tokenView.getFunction("nonces").staticCall(owner, { blockTag: "pending" }),
            tokenView.getFunction("eip712Domain").staticCall(),
          ])) as [bigint, Record<string, unknown>];
          const permit = { owner, spender: contracts.jobs, value: spec.priceWei, nonce: permitNonce, deadline: BigInt(spec.deadline) };
          const name = String(tokenDomain.name);
          const version = String(tokenDomain.version);
          const signed = await signer.signTypedData({ name, version, chainId, verifyingContract: contracts.token }, PERMIT_TYPES, permit);
          const { v, r, s } = Signature.from(signed);
          const terms = [spec.provider, spec.modelId, spec.inputCommitment, spec.priceWei, spec.acceptBy, spec.deadline];
          return jobsInterface.encodeFunctionData("postWithPermit", [terms, nonce, permit.deadline, v, r, s]);
        }),
      cancel: sendJob("cancel"),
      expire: sendJob("expire"),
      refund: sendJob("refund"),
      async claim() {
        if (BigInt((await treasury("claimable", owner)) as bigint) === 0n) return undefined;
        return send(contracts.treasury, () => Promise.resolve(new Interface(TREASURY_ABI).encodeFunctionData("claim", [owner])));
      },
    };
  }
  return chain;
}

/** A transaction that is ready to go; `hash` where it is signed already. */
interface Prepared {
  readonly nonce: number;
  readonly hash?: TxHash;
  /** Hands it to the chain; repeating it is harmless. */
  readonly send: () => Promise<TxHash>;
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** A fresh private key, for a requestor of the devnet. */
export const newRequestorKey = (): string => Wallet.createRandom().privateKey;

/** The account that signed the 32 bytes of `jobId` as a personal message (EIP-191). */
export const jobIdSigner = (jobId: JobId, signature: string): Address => address.parse(lower(verifyMessage(getBytes(jobId), signature)));
