/** One account's way to the chain: one transaction after the other gets a nonce, is signed, stored, broadcast, watched and, if need be, paid better. */
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "@zpu/ipc/rpc/contract";
import type { signer as signerContract } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import type { Ports, TxOutcome } from "../ports.ts";
import { MAX_FEE_PER_GAS_CEILING_WEI } from "../wallet/intents.ts";
import type { ChainPort, ChainReceipt, MarketFees } from "./chain-port.ts";
import type { Store, TxRow, TxVersion } from "./store.ts";

/** The one call of the signer that a lane makes. */
export type TransactionSigner = Pick<Client<typeof signerContract>, "signTransaction">;

/** How a lane waits. Times in milliseconds. */
export interface LaneTimes {
  /** Between two looks for receipts while something is under way. */
  readonly pollMs: number;
  /** Without inclusion for so long (or for `bumpBlocks` blocks) the fees are raised. */
  readonly bumpMs: number;
  readonly bumpBlocks: number;
  /** Pause after which unconfirmed bytes are broadcast again. */
  readonly rebroadcastMs: number;
  /** Blocks, the transaction's own included, after which it counts. */
  readonly confirmations: number;
}

export interface LaneOptions {
  readonly role: TxRow["role"];
  readonly account: Address;
  readonly store: Store;
  readonly chain: ChainPort;
  readonly signer: TransactionSigner;
  readonly times: LaneTimes;
  readonly log: Ports["log"];
  now(): number;
  /** The transaction is mined; called inside the store transaction that records it. */
  onMined(row: TxRow, receipt: ChainReceipt, outcome: TxOutcome): void;
  /** Called once a key has ended: with its outcome, or with why nothing was sent. */
  onEnd(key: string, end: TxOutcome | ZpuError): void;
}

export interface Lane {
  /** There is something to do. */
  wake(): void;
  start(): void;
  /** Resolves once the step under way is over; what is open goes on at the next start. */
  stop(): Promise<void>;
}

const FIRST_BACK_OFF_MS = 250;
const MAX_BACK_OFF_MS = 5000;
/** Looks in which the nonce was used and none of our bytes were found, before the nonce counts as taken by somebody else. */
const LOOKS_BEFORE_TAKEN = 5;

/** Fees that a node accepts as a replacement: both at least 12.5 % higher, and not below the market. */
export function bumpedFees(old: MarketFees, market: MarketFees): MarketFees {
  const raise = (value: bigint, floor: bigint): bigint => {
    const raised = (value * 1125n + 999n) / 1000n + 1n;
    return raised > floor ? raised : floor;
  };
  return {
    maxFeePerGasWei: raise(old.maxFeePerGasWei, market.maxFeePerGasWei),
    maxPriorityFeePerGasWei: raise(old.maxPriorityFeePerGasWei, market.maxPriorityFeePerGasWei),
  };
}

/** The errors after which a key is over although nothing was sent. */
const isFinal = (error: unknown): error is ZpuError =>
  error instanceof ZpuError && ["TRANSACTION_REVERTED", "INSUFFICIENT_FUNDS", "SIGNATURE_REFUSED", "MALFORMED_MESSAGE"].includes(error.code);

/** The lane of `account`; nothing runs before `start`. */
export function createLane(options: LaneOptions): Lane {
  const { role, account, store, chain, signer, times, log } = options;
  const now = (): number => options.now();
  /** What is known of a broadcast since this process started. */
  const watched = new Map<string, { sentAtMs: number; sentBlock: number; triedAtMs: number; taken: number; capped: boolean }>();
  let running: Promise<void> | undefined;
  let stopped = false;
  let backOffMs = FIRST_BACK_OFF_MS;
  let signal = Promise.withResolvers<undefined>();

  const wake = (): void => signal.resolve(undefined);

  async function sign(row: TxRow, nonce: number, gasLimit: bigint, fees: MarketFees): Promise<TxVersion> {
    const signed = await signer.signTransaction({ intent: row.intent, nonce, gasLimit, ...fees });
    if (signed.from !== account) throw new ZpuError("INTERNAL", { detail: `the signer signed for ${signed.from} instead of ${account}` });
    const version = { hash: signed.hash, raw: signed.raw, gasLimit, ...fees };
    store.addVersion(row.key, nonce, version, now());
    return version;
  }

  /** From a queued intent to broadcast bytes. The simulation comes first, so that a refusal costs no nonce and leaves no gap. */
  async function prepare(row: TxRow): Promise<void> {
    const fault = chain.fault();
    if (fault) throw fault;
    const [gasLimit, fees, nonces, balanceWei] = await Promise.all([
      chain.simulate(row.intent, account),
      chain.fees(),
      chain.nonces(account),
      chain.gasBalanceWei(account),
    ]);
    const neededWei = gasLimit * fees.maxFeePerGasWei;
    if (balanceWei < neededWei) {
      throw new ZpuError("INSUFFICIENT_FUNDS", { account, balance: `${balanceWei.toString()} wei for gas`, needed: `${neededWei.toString()} wei` });
    }
    const free = Math.max(nonces.pending, (store.topNonce(account, row.key) ?? -1) + 1);
    // Reserved before a crash and never signed: the same nonce again, unless somebody used it meanwhile.
    const nonce = row.nonce !== null && row.nonce >= nonces.latest ? row.nonce : free;
    store.reserve(row.key, nonce);
    await sign(row, nonce, gasLimit, fees);
    await broadcast(row.key);
  }

  /** Sends the newest signed bytes of `key`, byte for byte as stored. */
  async function broadcast(key: string): Promise<void> {
    const row = store.find(key);
    if (!row?.raw) return;
    const seen = watched.get(key) ?? { sentAtMs: now(), sentBlock: chain.head().block, triedAtMs: 0, taken: 0, capped: false };
    seen.triedAtMs = now();
    watched.set(key, seen);
    const answer = await chain.broadcast(row.raw);
    if (answer.kind === "accepted" || answer.kind === "known") {
      store.markSent(key);
    } else if (answer.kind === "underpriced") {
      await bump(row);
    } else if (answer.kind === "no-funds") {
      log("warn", "the account lacks gas money for a signed transaction; it is tried again", { key, account });
    } else if (answer.kind === "other") {
      log("warn", "the chain did not take a transaction; it is tried again", { key, detail: answer.detail });
    }
  }

  /** The same nonce with better fees, within the ceiling. */
  async function bump(row: TxRow): Promise<void> {
    const [current] = store.versions(row.key);
    const seen = watched.get(row.key);
    if (!current || !seen || row.nonce === null) return;
    const fees = bumpedFees(current, await chain.fees());
    if (fees.maxFeePerGasWei > MAX_FEE_PER_GAS_CEILING_WEI || fees.maxPriorityFeePerGasWei > fees.maxFeePerGasWei) {
      if (!seen.capped) log("warn", "fees are at the ceiling; the transaction waits for the chain to get cheaper", { key: row.key });
      seen.capped = true;
      return;
    }
    log("info", "fees raised", { key: row.key, nonce: row.nonce, maxFeePerGasWei: fees.maxFeePerGasWei.toString() });
    const next = await sign(row, row.nonce, current.gasLimit, fees);
    Object.assign(seen, { sentAtMs: now(), sentBlock: chain.head().block, triedAtMs: now() });
    const answer = await chain.broadcast(next.raw);
    if (answer.kind === "accepted" || answer.kind === "known") store.markSent(row.key);
  }

  /** The receipt of whichever signed version was mined. */
  async function minedVersion(key: string): Promise<ChainReceipt | undefined> {
    for (const { hash } of store.versions(key)) {
      const receipt = await chain.receipt(hash);
      if (receipt) return receipt;
    }
    return undefined;
  }

  async function finish(row: TxRow, receipt: ChainReceipt): Promise<void> {
    const reason = receipt.ok ? undefined : await chain.reasonAt(row.intent, account, receipt.block);
    const outcome: TxOutcome = {
      hash: receipt.hash,
      status: receipt.ok ? "confirmed" : "reverted",
      block: receipt.block,
      atMs: now(),
      ...(reason === undefined ? {} : { reason }),
    };
    store.atomically(() => {
      store.markMined(row.key, outcome);
      options.onMined(row, receipt, outcome);
    });
    watched.delete(row.key);
    options.onEnd(row.key, outcome);
  }

  function drop(row: TxRow, why: ZpuError): void {
    store.drop(row.key);
    watched.delete(row.key);
    log("warn", "a transaction was not sent", { key: row.key, error: why.code, detail: why.message });
    options.onEnd(row.key, why);
  }

  /** Brings a signed transaction forward. Returns whether it has ended. */
  async function track(row: TxRow): Promise<boolean> {
    const receipt = await minedVersion(row.key);
    if (receipt) {
      const deepEnough = times.confirmations <= 1 || chain.head().block - receipt.block + 1 >= times.confirmations;
      if (deepEnough) await finish(row, receipt);
      return deepEnough;
    }
    const seen = watched.get(row.key);
    // Unknown to this process: it was signed before a crash, perhaps sent, perhaps not. The same bytes settle the question.
    if (!seen || (row.state === "signed" && now() - seen.triedAtMs >= backOffMs)) {
      await broadcast(row.key);
      return false;
    }
    const { latest } = await chain.nonces(account);
    if (row.nonce !== null && latest > row.nonce) {
      seen.taken += 1;
      if (seen.taken < LOOKS_BEFORE_TAKEN || (await minedVersion(row.key))) return false;
      drop(
        row,
        new ZpuError("TRANSACTION_REVERTED", {
          reason: `nonce ${row.nonce} was used by a transaction from elsewhere; is another node running with these keys?`,
        }),
      );
      return true;
    }
    seen.taken = 0;
    if (row.state === "sent" && row.hash !== null && now() - seen.triedAtMs >= times.rebroadcastMs && !(await chain.knows(row.hash))) {
      await broadcast(row.key);
    } else if (row.nonce === latest && (now() - seen.sentAtMs >= times.bumpMs || chain.head().block - seen.sentBlock >= times.bumpBlocks)) {
      await bump(row);
    }
    return false;
  }

  /** One round; returns how long to wait for the next, in milliseconds, or undefined to wait for a wake-up. */
  async function round(): Promise<number | undefined> {
    for (const row of store.inFlight(role)) await track(row);
    for (let row = store.nextQueued(role); row && !stopped; row = store.nextQueued(role)) {
      try {
        await prepare(row);
      } catch (error) {
        const after = store.find(row.key);
        // Signed bytes that exist may be mined one day: only what was never signed can be given up.
        if (!isFinal(error) || after?.state !== "queued") throw error;
        drop(row, error);
        continue;
      }
      const sent = store.find(row.key);
      if (sent && (sent.state === "signed" || sent.state === "sent")) await track(sent);
    }
    return store.inFlight(role).length > 0 ? times.pollMs : undefined;
  }

  async function run(): Promise<void> {
    const unlisten = chain.onHead(wake);
    while (!stopped) {
      signal = Promise.withResolvers<undefined>();
      let waitMs: number | undefined;
      try {
        waitMs = await round();
        backOffMs = FIRST_BACK_OFF_MS;
      } catch (error) {
        waitMs = backOffMs;
        backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
        const unreachable = error instanceof ZpuError && error.code === "CHAIN_UNREACHABLE";
        if (!unreachable) {
          const known = ZpuError.wrap(error);
          log(known.code === "INTERNAL" ? "error" : "warn", "settlement waits and tries again", { role, error: known.code, detail: known.message });
        }
        // A chain that is back ends the wait; other troubles (a full disk, a node that refuses) keep their pause, whatever the head does.
        await Promise.race([pause(waitMs, undefined, { ref: false }), stopping.promise, ...(unreachable ? [signal.promise] : [])]);
        continue;
      }
      const timer = new AbortController();
      await Promise.race([
        signal.promise,
        ...(waitMs === undefined ? [] : [pause(waitMs, undefined, { signal: timer.signal }).catch(() => undefined)]),
      ]);
      timer.abort();
    }
    unlisten();
  }

  const stopping = Promise.withResolvers<undefined>();
  return {
    wake,
    start() {
      running ??= run();
    },
    async stop() {
      stopped = true;
      stopping.resolve(undefined);
      wake();
      await running;
    },
  };
}
