/** The chain client: the one place where the engine reads contracts, simulates and broadcasts. */
import type { Intent } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import { CHAIN_JOB_STATES } from "@zpu/protocol/job";
import type { Interface, Result } from "ethers";
import { z } from "zod";
import { encodeIntent, GAS_LIMIT_CEILINGS, MAX_FEE_PER_GAS_CEILING_WEI, type PinnedContracts } from "../wallet/intents.ts";
import { jobsInterface, registryInterface, tokenInterface, treasuryInterface } from "../wallet/interfaces.ts";
import { blockSchema, classifyRefusal, eventOf, isRevert, logSchema, lower, receiptSchema, reverted } from "./chain-answers.ts";
import type { ChainPort } from "./chain-port.ts";
import { jsonRpc, quantity, RpcRefusal, toQuantity } from "./json-rpc.ts";
import { createWatch, type WatchOptions } from "./watch.ts";

/** Where the chain is and how patiently it is asked. */
export interface ChainOptions {
  /** Fixed, or asked before every call: a devnet may come back at another port. */
  readonly rpcUrl: string | (() => string);
  readonly contracts: PinnedContracts;
  readonly log: WatchOptions["log"];
  /** Between two looks at the head; 1,000 where left out. */
  readonly pollMs?: number;
  /** How long one answer may take; 10,000 where left out. */
  readonly timeoutMs?: number;
  /** Hash of block 0 as seen the first time: another one is another chain. `save` is called once. */
  readonly anchor?: { load(): string | undefined; save(genesisHash: string): void };
}

/** A chain client that can be started and stopped. */
export interface Chain extends ChainPort {
  /** First look; CHAIN_MISMATCH where it is another chain. A chain that does not answer is no error: it is waited for. */
  start(): Promise<void>;
  /** Ends the watch and every question that is open: each rejects with CHAIN_UNREACHABLE. */
  stop(): void;
}

const GWEI = 1_000_000_000n;
/** A node that holds other fees for proper than this is not followed. */
const MAX_PRIORITY_FEE_WEI = 2n * GWEI;
const METHOD_NOT_FOUND = -32601;

/** The chain at `rpcUrl`; nothing is asked before `start` or the first read. */
export function openChain(options: ChainOptions): Chain {
  const { contracts, anchor } = options;
  const rpcUrl = (): string => (typeof options.rpcUrl === "string" ? options.rpcUrl : options.rpcUrl());
  const stopping = new AbortController();
  const rpc = jsonRpc(rpcUrl, options.timeoutMs ?? 10_000, stopping.signal);
  const checks: Parameters<ChainPort["onVerify"]>[0][] = [];
  const mismatch = (actual: string, expected: string): ZpuError => new ZpuError("CHAIN_MISMATCH", { rpc: rpcUrl(), actual, expected });
  const nonces = async (account: Address) => {
    const [latest, pending] = await Promise.all(["latest", "pending"].map((tag) => rpc("eth_getTransactionCount", [account, tag], quantity)));
    return { latest: Number(latest), pending: Math.max(Number(latest), Number(pending)) };
  };

  const verify = async (): Promise<void> => {
    const [chainId, genesis] = await Promise.all([rpc("eth_chainId", [], quantity), rpc("eth_getBlockByNumber", ["0x0", false], blockSchema)]);
    if (chainId !== contracts.chainId) throw mismatch(`chain ${chainId.toString()}`, `chain ${contracts.chainId.toString()}`);
    const known = anchor?.load();
    if (known !== undefined && known !== genesis.hash) {
      throw mismatch("another chain with the same id (was it reset?)", `the chain this node has worked on, whose first block is ${known}`);
    }
    for (const name of ["token", "registry", "jobs", "verifier", "treasury"] as const) {
      if ((await rpc("eth_getCode", [contracts[name], "latest"], z.string())) === "0x")
        throw mismatch(`a chain without the contract ${name}`, `one with it at ${contracts[name]}`);
    }
    for (const check of checks) await check({ nonces });
    if (known === undefined) anchor?.save(genesis.hash);
  };
  const watch = createWatch({
    readBlock: async () => Number(await rpc("eth_blockNumber", [], quantity)),
    verify,
    log: options.log,
    pollMs: options.pollMs ?? 1000,
    maxBackOffMs: 10_000,
  });
  const guard = <T>(read: () => Promise<T>): Promise<T> => watch.guard(read);

  const read = async (contract: Interface, to: Address, name: string, args: readonly unknown[]): Promise<Result> => {
    try {
      const data = await guard(() => rpc("eth_call", [{ to, data: contract.encodeFunctionData(name, args) }, "latest"], z.string()));
      return contract.decodeFunctionResult(name, data);
    } catch (error) {
      // No view of these contracts refuses: an answer like that says that the node is not able to tell.
      if (error instanceof ZpuError) throw error;
      throw new ZpuError(
        "CHAIN_UNREACHABLE",
        { rpc: rpcUrl(), detail: `${name} was not answered: ${error instanceof Error ? error.message.slice(0, 80) : "?"}` },
        error,
      );
    }
  };
  const amount = async (contract: Interface, to: Address, name: string, args: readonly unknown[]): Promise<bigint> =>
    z.bigint().parse((await read(contract, to, name, args))[0]);

  const callOf = (intent: Intent, from: Address) => {
    const { to, data } = encodeIntent(intent, contracts);
    return { from, to, data };
  };

  return {
    get rpcUrl() {
      return rpcUrl();
    },
    head: () => watch.head(),
    onHead: (listener) => watch.onHead(listener),
    fault: () => watch.fault(),
    onVerify: (check) => void checks.push(check),
    start: () => watch.start(),
    stop() {
      watch.stop();
      stopping.abort(new Error("the node stops"));
    },
    async node(owner) {
      const [found, [active], minStakeWei] = await Promise.all([
        read(registryInterface, contracts.registry, "nodeOf", [owner]),
        read(registryInterface, contracts.registry, "isActive", [owner]),
        amount(registryInterface, contracts.registry, "MIN_STAKE", []),
      ]);
      const node = found[0] as Result;
      const operator = lower(node.operator);
      return {
        registered: BigInt(operator) !== 0n,
        active: active === true,
        stakeWei: z.bigint().parse(node.stake),
        minStakeWei,
        operator,
        payout: lower(node.payout),
      };
    },
    async job(jobId) {
      const job = (await read(jobsInterface, contracts.jobs, "jobOf", [jobId]))[0] as Result;
      const state = CHAIN_JOB_STATES[Number(job.state)];
      if (state === undefined)
        throw new ZpuError("INTERNAL", { detail: `the chain knows a job state ${String(job.state)} that this version does not` });
      return {
        state,
        requestor: lower(job.requestor),
        provider: lower(job.provider),
        modelId: String(job.modelId),
        inputCommitment: String(job.inputCommitment),
        outputCommitment: String(job.outputCommitment),
        priceWei: z.bigint().parse(job.price),
        acceptBy: Number(job.acceptBy),
        deadline: Number(job.deadline),
      };
    },
    claimableWei: (account) => amount(treasuryInterface, contracts.treasury, "claimable", [account]),
    tokenBalanceWei: (account) => amount(tokenInterface, contracts.token, "balanceOf", [account]),
    allowanceWei: (owner) => amount(tokenInterface, contracts.token, "allowance", [owner, contracts.registry]),
    gasBalanceWei: (account) => guard(() => rpc("eth_getBalance", [account, "latest"], quantity)),

    async simulate(intent, from) {
      try {
        const gas = await guard(() => rpc("eth_estimateGas", [callOf(intent, from), "latest"], quantity));
        const withMargin = (gas * 5n) / 4n + 20_000n;
        const ceiling = GAS_LIMIT_CEILINGS[intent.type];
        if (gas > ceiling)
          throw new ZpuError("TRANSACTION_REVERTED", { reason: `it would use ${gas.toString()} gas, above the ceiling of ${ceiling.toString()}` });
        return withMargin < ceiling ? withMargin : ceiling;
      } catch (error) {
        throw error instanceof RpcRefusal && isRevert(error) ? reverted(error.data, error.message.slice(0, 160)) : error;
      }
    },
    async reasonAt(intent, from, block) {
      try {
        await guard(() => rpc("eth_call", [callOf(intent, from), toQuantity(block - 1)], z.string()));
        return "it ran out of gas, or another transaction of the same block came first";
      } catch (error) {
        if (!(error instanceof RpcRefusal)) throw error;
        return String(reverted(error.data, error.message.slice(0, 160)).facts.reason);
      }
    },
    async fees() {
      const [block, wished] = await Promise.all([
        guard(() => rpc("eth_getBlockByNumber", ["latest", false], blockSchema)),
        guard(() => rpc("eth_maxPriorityFeePerGas", [], quantity)).catch((error: unknown) => {
          if (error instanceof RpcRefusal && error.rpcCode === METHOD_NOT_FOUND) return GWEI;
          throw error;
        }),
      ]);
      const maxPriorityFeePerGasWei = wished < MAX_PRIORITY_FEE_WEI ? wished : MAX_PRIORITY_FEE_WEI;
      const wanted = 2n * (block.baseFeePerGas ?? GWEI) + maxPriorityFeePerGasWei;
      return { maxFeePerGasWei: wanted < MAX_FEE_PER_GAS_CEILING_WEI ? wanted : MAX_FEE_PER_GAS_CEILING_WEI, maxPriorityFeePerGasWei };
    },
    nonces: (account) => guard(() => nonces(account)),
    async broadcast(raw) {
      try {
        await guard(() => rpc("eth_sendRawTransaction", [raw], z.string()));
        return { kind: "accepted" };
      } catch (error) {
        if (error instanceof RpcRefusal) return classifyRefusal(error.message);
        throw error;
      }
    },
    async receipt(hash) {
      const found = await guard(() => rpc("eth_getTransactionReceipt", [hash], receiptSchema.nullable()));
      if (found === null) return undefined;
      const events = found.logs.flatMap((log) => eventOf(log, contracts) ?? []);
      return {
        hash: found.transactionHash,
        ok: found.status === 1n,
        block: Number(found.blockNumber),
        blockHash: found.blockHash,
        gasUsed: found.gasUsed,
        events,
      };
    },
    knows: async (hash) => (await guard(() => rpc("eth_getTransactionByHash", [hash], z.unknown()))) !== null,
    async payments(provider, payout, from, to) {
      const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) };
      const settled = jobsInterface.encodeFilterTopics("JobSettled", [null, provider]);
      const claimed = treasuryInterface.encodeFilterTopics("Claimed", [payout]);
      const logs = await Promise.all([
        guard(() => rpc("eth_getLogs", [{ ...range, address: contracts.jobs, topics: settled }], z.array(logSchema))),
        guard(() => rpc("eth_getLogs", [{ ...range, address: contracts.treasury, topics: claimed }], z.array(logSchema))),
      ]);
      const times = new Map<bigint, number>();
      const found = [];
      for (const log of logs.flat()) {
        const event = eventOf(log, contracts);
        if (!event) continue;
        const number = log.blockNumber;
        const atMs =
          times.get(number) ?? Number((await guard(() => rpc("eth_getBlockByNumber", [toQuantity(number), false], blockSchema))).timestamp) * 1000;
        times.set(number, atMs);
        found.push({ event, tx: log.transactionHash, block: Number(number), atMs });
      }
      return found;
    },
  };
}
