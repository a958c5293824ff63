/** The chain client against HTTP servers that are slow, wrong, silent or strange. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { contractAddresses } from "@zpu/ipc/workers/signer";
import { jobId } from "@zpu/protocol/ids";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { classifyRefusal } from "./chain-answers.ts";
import { openChain, type Chain } from "./chain.ts";
import { jsonRpc, RpcRefusal } from "./json-rpc.ts";

const at = (digit: string): string => `0x${digit.repeat(40)}`;
const contracts = contractAddresses.parse({
  chainId: 5_918_805n,
  token: at("1"),
  registry: at("2"),
  jobs: at("3"),
  verifier: at("4"),
  treasury: at("5"),
});
const GENESIS = { hash: `0x${"9".repeat(64)}`, number: "0x0", timestamp: "0x1", baseFeePerGas: "0x7" };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers each method with a value, an error object, or raw text. */
async function serve(answers: Record<string, unknown>, port = 0): Promise<{ url: string; port: number; server: Server; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      asked.push(method);
      const answer = answers[method];
      if (answer === "silent") return;
      if (typeof answer === "object" && answer !== null && "text" in answer) response.end(answer.text);
      else if (typeof answer === "object" && answer !== null && "code" in answer) response.end(JSON.stringify({ jsonrpc: "2.0", id, error: answer }));
      else response.end(JSON.stringify({ jsonrpc: "2.0", id, result: answer ?? null }));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  closing.push(close);
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, server, asked };
}
const healthy = {
  eth_chainId: "0x5a5055",
  eth_getBlockByNumber: GENESIS,
  eth_getCode: "0x60",
  eth_blockNumber: "0x5",
  eth_getTransactionCount: "0x0",
};
function open(rpcUrl: string, extra: Partial<Parameters<typeof openChain>[0]> = {}): { chain: Chain; logs: string[] } {
  const logs: string[] = [];
  const chain = openChain({
    rpcUrl,
    contracts,
    log: (level, message) => void logs.push(`${level} ${message}`),
    pollMs: 20,
    timeoutMs: 200,
    ...extra,
  });
  closing.push(() => chain.stop());
  return { chain, logs };
}
const until = async (condition: () => boolean): Promise<void> => {
  for (let n = 0; n < 400 && !condition(); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
};

describe("a chain that does not answer as it should", () => {
  it("is unreachable when nobody listens, when it is silent, and when it talks nonsense", async () => {
    const silent = await serve({ eth_chainId: "silent" });
    const nonsense = await serve({ eth_chainId: { text: "<html>" } });
    const malformed = await serve({ eth_chainId: "not hex" });
    for (const url of ["http://127.0.0.1:1", silent.url, nonsense.url, malformed.url]) {
      const error: unknown = await jsonRpc(() => url, 150)("eth_chainId", [], z.string().startsWith("0x")).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "CHAIN_UNREACHABLE", facts: { rpc: url } });
    }
  });

  it("is told apart from one that refuses, with the revert data wherever it is", async () => {
    for (const data of ["0xabcd", { data: "0xabcd" }, { data: { data: "0xABCD" } }]) {
      const { url } = await serve({ eth_call: { code: 3, message: "execution reverted", data } });
      const error: unknown = await jsonRpc(() => url, 500)("eth_call", [], z.string()).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RpcRefusal);
      expect(error).toMatchObject({ rpcCode: 3, data: "0xabcd" });
    }
  });

  it("is waited for and used when it is there, with one notice of each", async () => {
    const first = await serve(healthy);
    const { chain, logs } = open(first.url);
    await chain.start();
    expect(chain.head()).toEqual({ block: 5, reachable: true });
    first.server.closeAllConnections();
    first.server.close();
    await until(() => !chain.head().reachable);
    await expect(chain.gasBalanceWei(contracts.token)).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    await serve({ ...healthy, eth_blockNumber: "0x6", eth_getBalance: "0x7" }, first.port);
    await until(() => chain.head().reachable);
    expect(chain.head().block).toBe(6);
    expect(await chain.gasBalanceWei(contracts.token)).toBe(7n);
    expect(logs.filter((line) => line === "warn the chain does not answer")).toHaveLength(1);
  });

  it("does not hold up the end: what is open is given up at once", async () => {
    const { url, asked } = await serve({ ...healthy, eth_getBalance: "silent" });
    const { chain } = open(url, { timeoutMs: 60_000 });
    await chain.start();
    const waiting = expect(chain.gasBalanceWei(contracts.token)).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    await until(() => asked.includes("eth_getBalance"));
    chain.stop();
    await waiting;
  });

  it("is found again where it has moved to", async () => {
    const first = await serve(healthy);
    let url = first.url;
    const logs: string[] = [];
    const chain = openChain({ rpcUrl: () => url, contracts, log: (_level, message) => void logs.push(message), pollMs: 20 });
    closing.push(() => chain.stop());
    await chain.start();
    first.server.closeAllConnections();
    first.server.close();
    ({ url } = await serve({ ...healthy, eth_blockNumber: "0x8" }));
    await until(() => chain.head().block === 8);
    expect(chain.rpcUrl).toBe(url);
  });

  it("is not an error at the start", async () => {
    const { chain } = open("http://127.0.0.1:1");
    await chain.start();
    expect(chain.head()).toEqual({ block: 0, reachable: false });
  });
});

describe("a chain that is another one", () => {
  it("is refused by its id, its first block, a missing contract, or a check", async () => {
    const otherId = await serve({ ...healthy, eth_chainId: "0x1" });
    await expect(open(otherId.url).chain.start()).rejects.toMatchObject({
      code: "CHAIN_MISMATCH",
      facts: { actual: "chain 1", expected: "chain 5918805" },
    });
    const empty = await serve({ ...healthy, eth_getCode: "0x" });
    await expect(open(empty.url).chain.start()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    const right = await serve(healthy);
    const saved: string[] = [];
    await open(right.url, { anchor: { load: () => undefined, save: (hash) => void saved.push(hash) } }).chain.start();
    expect(saved).toEqual([GENESIS.hash]);
    const reset = open(right.url, { anchor: { load: () => `0x${"8".repeat(64)}`, save: () => undefined } }).chain;
    await expect(reset.start()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(reset.fault()).toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(reset.head().reachable).toBe(false);
  });

  it("is noticed when it takes the place of the right one between two looks", async () => {
    const answers: Record<string, unknown> = { ...healthy };
    const { url } = await serve(answers);
    const anchored = { load: () => GENESIS.hash, save: () => undefined };
    const { chain, logs } = open(url, { anchor: anchored });
    await chain.start();
    Object.assign(answers, { eth_blockNumber: "0x1", eth_getBlockByNumber: { ...GENESIS, hash: `0x${"7".repeat(64)}` } });
    await until(() => chain.fault() !== undefined);
    await expect(chain.job(jobId.parse(`0x${"1".repeat(64)}`))).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    Object.assign(answers, { eth_blockNumber: "0x9", eth_getBlockByNumber: GENESIS });
    await until(() => chain.fault() === undefined && chain.head().reachable);
    expect(logs).toContain("info the chain is the right one again");
  });
});

describe("refusals", () => {
  it("of a simulation are final only where a contract refused", async () => {
    const overloaded = await serve({ ...healthy, eth_estimateGas: { code: -32005, message: "too many requests" } });
    const intent = { type: "settle", jobId: jobId.parse(`0x${"1".repeat(64)}`) } as const;
    await expect(open(overloaded.url).chain.simulate(intent, contracts.token)).rejects.toBeInstanceOf(RpcRefusal);
    const refusing = await serve({ ...healthy, eth_estimateGas: { code: 3, message: "execution reverted", data: "0x" } });
    await expect(open(refusing.url).chain.simulate(intent, contracts.token)).rejects.toMatchObject({ code: "TRANSACTION_REVERTED" });
    const hungry = await serve({ ...healthy, eth_estimateGas: "0x1000000" });
    await expect(open(hungry.url).chain.simulate(intent, contracts.token)).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      facts: { reason: expect.stringContaining("ceiling") as string },
    });
  });

  it("of a broadcast are understood in the words of several nodes", () => {
    const words: [string, string][] = [
      ["already known", "known"], ["AlreadyKnown: known transaction: 0x1", "known"], ["nonce too low: next nonce 5, tx nonce 4", "nonce-used"],
      ["Nonce too low. Expected nonce to be 3 but got 2.", "nonce-used"], ["replacement transaction underpriced", "underpriced"],
      ["max fee per gas less than block base fee", "underpriced"], ["Transaction maxFeePerGas (1) is too low for the next block, which has a baseFeePerGas of 7", "underpriced"],
      ["insufficient funds for gas * price + value", "no-funds"], ["Sender doesn't have enough funds to send tx.", "no-funds"], ["internal error", "other"],
    ]; // prettier-ignore
    for (const [message, kind] of words) expect([message, classifyRefusal(message).kind]).toEqual([message, kind]);
  });
});
