/** The embedded chain: wraps `@nomicfoundation/edr` in this one file and keeps a journal, so that a restart continues the same chain. */
import {
  ContractDecoder,
  EdrContext,
  GENERIC_CHAIN_TYPE,
  genericChainProviderFactory,
  l1GenesisState,
  l1HardforkFromString,
  OSAKA,
  type MineOrdering,
  type Provider,
} from "@nomicfoundation/edr";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "@zpu/protocol/ids";
import { z } from "zod";
import { openJournal, readMeta, writeMeta, type Journal, type JournalEntry } from "./chain-journal.ts";

const BLOCK_GAS_LIMIT = 60_000_000n;
/** Pause between two words about a replay. */
const PROGRESS_MS = 1_000;
const PREFUND_WEI = 10n ** 27n;

/** An error as JSON-RPC carries it; `data` is the revert data as 0x-hex where a contract refused. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

/** A running chain. Every request is served in the order it came, so nobody reads what is not on disk yet. */
export interface Chain {
  readonly chainId: bigint;
  /** Transactions taken from the journal at the start, and how long that took in milliseconds. */
  readonly replayed: { readonly transactions: number; readonly ms: number };
  /** EIP-1193: the result of one JSON-RPC call; throws RpcError. Only the methods of `CHAIN_METHODS` exist. */
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
  /** Number and hash of the last block. */
  head(): Promise<{ number: number; hash: string }>;
  /** Puts the chain's clock ahead by `seconds`, for tests of deadlines; the wall clock's pace stays. */
  advanceTime(seconds: number): void;
  /** Waits for what is in flight, then closes the journal. */
  close(): Promise<void>;
}

export interface ChainOptions {
  readonly chainId: bigint;
  /** Where journal and genesis live; without it the chain is kept in memory alone. */
  readonly dataDir?: string;
  /** Accounts that hold gas money at genesis, 0x-hex. Only read when the chain is created. */
  readonly prefunded: readonly string[];
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Hears every second how much of the journal has been replayed, in transactions. */
  readonly onReplay?: (done: number, total: number) => void;
  /** Milliseconds between two such words; 1,000 where left out. */
  readonly replayPaceMs?: number;
}

/** What may be asked of the chain. Nothing here can change state but `eth_sendRawTransaction`, which is journaled. */
export const CHAIN_METHODS: ReadonlySet<string> = new Set([
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getBlockTransactionCountByHash",
  "eth_getBlockTransactionCountByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getStorageAt",
  "eth_getTransactionByHash",
  "eth_getTransactionByBlockHashAndIndex",
  "eth_getTransactionByBlockNumberAndIndex",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "eth_sendRawTransaction",
  "net_version",
  "web3_clientVersion",
]);

let sharedContext: Promise<EdrContext> | undefined;
/** EDR wants one context per process. */
function context(): Promise<EdrContext> {
  sharedContext ??= (async () => {
    const created = new EdrContext();
    await created.registerProviderFactory(GENERIC_CHAIN_TYPE, genericChainProviderFactory());
    return created;
  })();
  return sharedContext;
}

async function createEdr(chainId: bigint, genesisTime: number, prefunded: readonly string[]): Promise<Provider> {
  return (await context()).createProvider(
    GENERIC_CHAIN_TYPE,
    {
      // Several blocks may share a second: else a burst of transactions would run the chain's clock ahead of the wall clock.
      allowBlocksWithSameTimestamp: true,
      allowUnlimitedContractSize: false,
      bailOnCallFailure: true,
      bailOnTransactionFailure: false,
      chainId,
      coinbase: new Uint8Array(20),
      defaultTransactionGasLimit: 16_000_000n,
      genesisState: [
        ...l1GenesisState(l1HardforkFromString(OSAKA)),
        ...prefunded.map((account) => ({ address: fromHex(account), balance: PREFUND_WEI })),
      ],
      hardfork: OSAKA,
      initialBaseFeePerGas: 1_000_000_000n,
      minGasPrice: 0n,
      // The package declares MineOrdering as an ambient enum that does not exist at run time; its values are these words.
      mining: { autoMine: true, blockGasLimit: BLOCK_GAS_LIMIT, memPool: { order: "Priority" as MineOrdering } },
      network: { genesisBlockGasLimit: BLOCK_GAS_LIMIT, genesisBlockTime: BigInt(genesisTime) },
      networkId: chainId,
      observability: {},
      ownedAccounts: [],
      precompileOverrides: [],
    },
    { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => undefined },
    { subscriptionCallback: () => undefined },
    new ContractDecoder(),
  );
}

const edrAnswer = z.union([
  z.object({ result: z.unknown(), error: z.undefined().optional() }),
  z.object({ error: z.object({ code: z.number(), message: z.string(), data: z.unknown() }) }),
]);
const revertData = z.object({ reason: z.object({ Revert: z.string().regex(/^0x[0-9a-fA-F]*$/) }) });
const pendingTime = z.object({ timestamp: z.string() });
const blockHead = z.object({ number: z.string(), hash: z.string(), timestamp: z.string() });

async function ask(edr: Provider, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await edr.handleRequest(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  const data: unknown = response.data;
  const answer = edrAnswer.parse(typeof data === "string" ? JSON.parse(data) : data);
  if (answer.error === undefined) return "result" in answer ? (answer.result ?? null) : null;
  const reverted = revertData.safeParse(answer.error.data);
  // Code 3 with the bare data is what other nodes answer and what clients decode; EDR nests it under `reason`.
  if (reverted.success) throw new RpcError(3, "execution reverted", reverted.data.reason.Revert);
  throw new RpcError(answer.error.code, answer.error.message);
}

async function headOf(edr: Provider): Promise<{ number: number; hash: string; timestamp: number }> {
  const head = blockHead.parse(await ask(edr, "eth_getBlockByNumber", ["latest", false]));
  return { number: Number(head.number), hash: head.hash, timestamp: Number(head.timestamp) };
}

async function replay(
  edr: Provider,
  entries: readonly JournalEntry[],
  progress: (done: number, total: number) => void,
  paceMs: number,
): Promise<void> {
  let toldMs = performance.now();
  for (const [index, entry] of entries.entries()) {
    try {
      await ask(edr, "evm_setNextBlockTimestamp", [entry.timestamp]);
      await ask(edr, "eth_sendRawTransaction", [entry.raw]);
    } catch (error) {
      throw new Error(`the chain's journal is damaged at block ${index + 1}: ${error instanceof Error ? error.message : "?"}`, { cause: error });
    }
    if (performance.now() - toldMs >= paceMs) {
      toldMs = performance.now();
      progress(index + 1, entries.length);
    }
    // A block's hash covers all before it, so a check now and then is a check of everything.
    if (index % 1000 === 999 || index === entries.length - 1) {
      const { hash } = await headOf(edr);
      if (hash !== entry.blockHash)
        throw new Error(`the chain's journal is damaged before block ${index + 1}: replay gives ${hash}, recorded is ${entry.blockHash}`);
    }
  }
}

/** `eth_call` and `eth_estimateGas` at the tip run in the block to come: the last block's time may be hours old on a quiet chain. */
function atTip(method: string, params: readonly unknown[]): readonly unknown[] {
  if (method !== "eth_call" && method !== "eth_estimateGas") return params;
  const [call, block, ...rest] = params;
  return block === undefined || block === "latest" ? [call, "pending", ...rest] : params;
}

/** Opens the chain of `dataDir`, creating it where there is none; replays its journal and checks that the last block is the recorded one. */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const now = options.now ?? Date.now;
  const startedMs = performance.now();
  let meta = options.dataDir === undefined ? undefined : readMeta(options.dataDir);
  if (meta === undefined) {
    meta = { chainId: options.chainId.toString(), genesisTime: Math.floor(now() / 1000), prefunded: [...options.prefunded] };
    if (options.dataDir !== undefined) writeMeta(options.dataDir, meta);
  }
  if (BigInt(meta.chainId) !== options.chainId) throw new Error(`${options.dataDir ?? ""} holds chain ${meta.chainId}, not ${options.chainId}`);
  const edr = await createEdr(options.chainId, meta.genesisTime, meta.prefunded);
  const opened = options.dataDir === undefined ? undefined : openJournal(options.dataDir);
  const journal: Journal | undefined = opened?.journal;
  const entries = opened?.entries ?? [];
  await replay(edr, entries, options.onReplay ?? (() => undefined), options.replayPaceMs ?? PROGRESS_MS);
  let last = await headOf(edr);
  const ms = performance.now() - startedMs;
  let aheadSeconds = 0;
  const clock = (): number => Math.max(last.timestamp, Math.floor(now() / 1000) + aheadSeconds);
  let edrTime = last.timestamp;
  let broken: Error | undefined;

  /** Keeps the time at which calls run in step with the clock; EDR counts on from the last block by itself. */
  const syncTime = async (): Promise<void> => {
    const pending = Number(pendingTime.parse(await ask(edr, "eth_getBlockByNumber", ["pending", false])).timestamp);
    const behind = clock() - pending;
    if (behind > 0) await ask(edr, "evm_increaseTime", [behind]);
    edrTime = clock();
  };

  const send = async (raw: string): Promise<string> => {
    await ask(edr, "evm_setNextBlockTimestamp", [clock()]);
    const hash = z.string().parse(
      await ask(edr, "eth_sendRawTransaction", [raw]).catch(async (error: unknown) => {
        // A sender that repeats itself after a break must be able to tell "mined already" from "nonce used for something else".
        const mined = await ask(edr, "eth_getTransactionReceipt", [toHex(keccak_256(fromHex(raw)))]);
        throw mined === null ? error : new RpcError(-32000, "already known");
      }),
    );
    const head = await headOf(edr);
    last = head;
    try {
      journal?.append({ raw, timestamp: head.timestamp, blockHash: head.hash });
    } catch (error) {
      // The block exists in memory but not on disk: going on would fork the recorded chain, so the chain stops here.
      broken = error instanceof Error ? error : new Error(String(error));
      throw new RpcError(-32000, `the chain's journal cannot be written (${broken.message}); restart the devnet once there is space`);
    }
    return hash;
  };

  const serve = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (broken !== undefined) throw new RpcError(-32000, `the chain has stopped: ${broken.message}`);
    if (!CHAIN_METHODS.has(method)) throw new RpcError(-32601, `the method ${method} does not exist/is not available`);
    if (method === "eth_sendRawTransaction") {
      const raw = z.tuple([z.string().regex(/^0x(?:[0-9a-fA-F]{2})+$/)]).safeParse(params);
      if (!raw.success) throw new RpcError(-32602, "expected one raw transaction as 0x-hex");
      return send(raw.data[0]);
    }
    if ((method === "eth_call" || method === "eth_estimateGas") && edrTime < clock()) await syncTime();
    return ask(edr, method, atTip(method, params));
  };

  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) return Promise.reject(new RpcError(-32000, "the chain is closed"));
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  };

  return {
    chainId: options.chainId,
    replayed: { transactions: entries.length, ms },
    request: ({ method, params }) => inTurn(() => serve(method, params ?? [])),
    head: () => inTurn(() => Promise.resolve({ number: last.number, hash: last.hash })),
    advanceTime(seconds) {
      aheadSeconds += seconds;
    },
    async close() {
      closed = true;
      await tail;
      journal?.close();
    },
  };
}
