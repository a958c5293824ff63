/** The SDK and the gateway among peers, web addresses and chain endpoints that lie, stall or lose answers: nobody pays twice, nothing is shown that does not hold. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { createGateway } from "@zpu/gateway/gateway";
import { createNode } from "@zpu/network/node";
import { discoveryDocument, evidence, type ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { jobId as jobIdSchema } from "@zpu/protocol/ids";
import { tokensToWei } from "@zpu/protocol/money";
import { ZPUClient, type ClientOptions } from "@zpu/sdk/client";
import { JsonRpcProvider, NonceManager, VoidSigner, Wallet, type Provider } from "ethers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MODEL_NAME, openSdkRig, PRICE, type SdkRig } from "./sdk-rig.ts";

let rig: SdkRig;
const clients: ZPUClient[] = [];
const client = (options: ClientOptions = {}, url = rig.gateway.url): ZPUClient => {
  const made = new ZPUClient(url, options);
  clients.push(made);
  return made;
};
const job = (maxBudget = 5) => ({ model: MODEL_NAME, input: { pixels: new Uint8Array(randomBytes(784)) }, maxBudget });
/** Two candidates, both answered by the one scripted provider. */
const twice = (providers: ProviderListing[]): ProviderListing[] => [...providers, ...providers];
const priced = (priceWei: bigint) => (providers: ProviderListing[]) =>
  providers.map((listing) => ({ ...listing, offerings: listing.offerings.map((offering) => ({ ...offering, priceWei })) }));
const failureOf = async (promise: Promise<unknown>): Promise<ZpuError> => {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof ZpuError)) throw new Error("it did not fail with a code");
  return failure;
};

beforeAll(async () => {
  rig = await openSdkRig();
});
afterEach(async () => {
  rig.script = {};
  rig.rpcFault = undefined;
  rig.listed = undefined;
  await Promise.all(clients.splice(0).map((open) => open.close()));
});
afterAll(() => rig.close());

describe("an escrow that may be out", () => {
  it.each(["lose", "refuse"] as const)(
    "is waited for where the broadcast's answer is lost (%s) and looks fail, and is posted once",
    async (fault) => {
      const sdk = client({ signer: await rig.fundedKey() });
      const account = await sdk.account();
      const offers = rig.offersSeen.length;
      rig.listed = twice;
      rig.script = { neverAccept: true };
      let broadcasts = 0;
      let looks = 0;
      rig.rpcFault = (method) => {
        if (method === "eth_sendRawTransaction" && (broadcasts += 1) === 1) return fault;
        return method === "eth_getTransactionReceipt" && (looks += 1) < 4 ? "refuse" : undefined;
      };
      const { jobId } = await sdk.submitJob(job());
      expect(looks).toBeGreaterThanOrEqual(4);
      expect((await rig.chain.job(jobId)).state).toBe("posted");
      expect(rig.offersSeen.slice(offers)).toEqual([jobId]);
      expect(await rig.chain.tokenBalanceWei(account)).toBe(tokensToWei(100) - PRICE);
    },
  );

  it("by a wallet that signs and sends in one is found by its job, although the wallet says that it failed", async () => {
    const provider = new JsonRpcProvider(rig.rpcUrl, Number(DEVNET_CHAIN_ID), { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
    const sdk = client({ signer: new NonceManager(new Wallet(await rig.fundedKey(), provider)) });
    const offers = rig.offersSeen.length;
    rig.listed = twice;
    rig.script = { neverAccept: true };
    let broadcasts = 0;
    rig.rpcFault = (method) => (method === "eth_sendRawTransaction" && (broadcasts += 1) === 1 ? "lose" : undefined);
    const { jobId } = await sdk.submitJob(job());
    provider.destroy();
    expect(broadcasts).toBe(1);
    expect(rig.offersSeen.slice(offers)).toEqual([jobId]);
    expect((await rig.chain.job(jobId)).state).toBe("posted");
  });

  it("that cannot be seen until acceptBy ends the search with its job id; the provider is not told that it is off; refund brings it back", async () => {
    const sdk = client({ signer: await rig.fundedKey(), acceptWithinSeconds: 2 });
    const account = await sdk.account();
    const offers = rig.offersSeen.length;
    const cancels = rig.cancelsSeen.length;
    rig.listed = twice;
    rig.script = { neverAccept: true };
    let out = false;
    rig.rpcFault = (method) => {
      if (out) return "refuse";
      out = method === "eth_sendRawTransaction";
      return out ? "lose" : undefined;
    };
    const failure = await failureOf(sdk.submitJob(job()));
    expect(failure).toMatchObject({ code: "ESCROW_UNCERTAIN", facts: { mayBePosted: true } });
    const jobId = jobIdSchema.parse(failure.facts.jobId);
    expect(rig.offersSeen.slice(offers)).toEqual([jobId]);
    expect(rig.cancelsSeen.length).toBe(cancels);
    expect((await rig.chain.job(jobId)).state).toBe("posted");
    expect(await rig.chain.tokenBalanceWei(account)).toBe(tokensToWei(100) - PRICE);
    rig.rpcFault = undefined;
    await sdk.refund(jobId);
    expect(await rig.chain.tokenBalanceWei(account)).toBe(tokensToWei(100));
  });

  it("is named by the error of an aborted submit", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const aborting = new AbortController();
    rig.listed = twice;
    rig.script = { neverAccept: true };
    const offers = rig.offersSeen.length;
    rig.rpcFault = (method) => {
      if (method === "eth_sendRawTransaction") setTimeout(() => { aborting.abort(); }, 100); // prettier-ignore
      return method === "eth_getTransactionReceipt" || method === "eth_getLogs" ? "refuse" : undefined;
    };
    const failure = await failureOf(sdk.submitJob({ ...job(), signal: aborting.signal }));
    expect(failure).toMatchObject({ code: "CANCELLED", facts: { mayBePosted: true } });
    expect(rig.offersSeen.slice(offers)).toEqual([failure.facts.jobId]);
    expect((await rig.chain.job(jobIdSchema.parse(failure.facts.jobId))).state).toBe("posted");
  });

  it("an abort before the broadcast is no escrow, and says nothing of one", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const aborting = new AbortController();
    let broadcasts = 0;
    rig.rpcFault = (method) => {
      if (method === "eth_estimateGas") aborting.abort();
      if (method === "eth_sendRawTransaction") broadcasts += 1;
      return undefined;
    };
    const failure = await failureOf(sdk.submitJob({ ...job(), signal: aborting.signal }));
    expect(failure.toRecord()).toEqual({ code: "CANCELLED", facts: {} });
    expect(broadcasts).toBe(0);
  });
});

describe("a web address that lies", () => {
  const lyingAbout = async (changed: Record<string, unknown>): Promise<{ url: string; asked: string[]; close(): void }> => {
    const asked: string[] = [];
    const truth = (await (await fetch(`${rig.gateway.url}/.well-known/zpu.json`)).json()) as Record<string, unknown>;
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const url = `http://${request.headers.host ?? ""}`;
      response.end(JSON.stringify({ ...truth, rpcUrl: `${url}/rpc`, faucetUrl: `${url}/faucet`, ...changed }));
    });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); }); // prettier-ignore
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      asked,
      close() {
        server.closeAllConnections();
        server.close();
      },
    };
  };

  it("about the chain gets nothing signed: without a pinned network no other chain than the devnet's is even asked", async () => {
    const lie = await lyingAbout({ chainId: 1, devnet: true });
    const signer = Wallet.createRandom().privateKey;
    await expect(client({ signer }, lie.url).submitJob(job())).rejects.toMatchObject({ code: "CONFIG_INVALID", facts: { name: "options.network" } });
    await expect(client({}, lie.url).verify(`0x${"00".repeat(32)}`)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const network = { chainId: 2, contracts: rig.chain.contracts };
    await expect(client({ signer, network }, lie.url).submitJob(job())).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(new Set(lie.asked)).toEqual(new Set(["/.well-known/zpu.json"]));
    lie.close();
  });

  it("about a contract is found out where the contracts are pinned", async () => {
    const jobs = `0x${"bb".repeat(20)}`;
    const lie = await lyingAbout({ contracts: { ...rig.chain.contracts, jobs }, rpcUrl: rig.rpcUrl });
    const network = { chainId: DEVNET_CHAIN_ID, contracts: rig.chain.contracts };
    const signer = await rig.fundedKey();
    await expect(client({ signer, network }, lie.url).submitJob(job())).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(lie.asked).toEqual(["/.well-known/zpu.json"]);
    lie.close();
    const { jobId } = await client({ signer, network: { ...network, rpcUrl: rig.rpcUrl } }).submitJob(job());
    expect((await rig.chain.job(jobId)).state).not.toBe("none");
  });

  it("the chain itself must say that it is the devnet, and the signer must be on it", async () => {
    const offers = rig.offersSeen.length;
    const elsewhere = new VoidSigner(Wallet.createRandom().address, { getNetwork: () => Promise.resolve({ chainId: 1n }) } as unknown as Provider);
    await expect(client({ signer: elsewhere }).submitJob(job())).rejects.toMatchObject({ code: "CHAIN_MISMATCH", facts: { rpc: "the signer" } });
    rig.rpcFault = (method) => (method === "eth_chainId" ? () => "0x1" : undefined);
    await expect(client({ signer: Wallet.createRandom().privateKey }).submitJob(job())).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(rig.offersSeen.length).toBe(offers);
  });
});

describe("one hostile provider does not stop the search", () => {
  it.each(["CANCELLED", "INSUFFICIENT_FUNDS", "INPUT_INVALID", "COMMITMENT_MISMATCH", "TRANSACTION_REVERTED", "CONFIG_INVALID"] as const)(
    "whatever it refuses with: %s",
    async (code) => {
      const sdk = client({ signer: await rig.fundedKey() });
      const offers = rig.offersSeen.length;
      rig.listed = twice;
      rig.script = { rejectOnce: new ZpuError(code, { mayBePosted: true, jobId: `0x${"ee".repeat(32)}` }) };
      const { jobId } = await sdk.submitJob(job());
      expect(rig.offersSeen.slice(offers)).toHaveLength(2);
      expect(rig.offersSeen.at(-1)).toBe(jobId);
    },
  );

  it("and it cannot make the error say that money may be out", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    rig.script = { reject: new ZpuError("PROVIDER_BUSY", { open: 1, mayBePosted: true }) };
    expect((await failureOf(sdk.submitJob(job()))).toRecord()).toEqual({ code: "PROVIDER_BUSY", facts: { open: 1 } });
  });

  it("nor an answer so late that the contract would refuse the escrow", async () => {
    const sdk = client({ signer: await rig.fundedKey(), acceptWithinSeconds: 2 });
    const offers = rig.offersSeen.length;
    rig.listed = twice;
    rig.script = { lateOnceMs: 3500 };
    const { jobId } = await sdk.submitJob(job());
    expect(rig.offersSeen.slice(offers)).toHaveLength(2);
    expect(rig.offersSeen.at(-1)).toBe(jobId);
  });

  it("own lack of funds ends it at once", async () => {
    const offers = rig.offersSeen.length;
    rig.listed = twice;
    await expect(client({ signer: Wallet.createRandom().privateKey }).submitJob(job())).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    expect(rig.offersSeen.length).toBe(offers);
  });

  it("a price above the listed one is not paid, although the budget would allow it; a lower one is", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const offers = rig.offersSeen.length;
    rig.script = { helloPriceWei: tokensToWei(4) };
    await expect(sdk.submitJob(job())).rejects.toMatchObject({ code: "PRICE_CHANGED", facts: { asked: "4 NZIDIA", listed: "2 NZIDIA" } });
    expect(rig.offersSeen.length).toBe(offers);
    rig.script = { helloPriceWei: tokensToWei(1), neverAccept: true }; // the same client asks anew and hears it
    const { jobId } = await sdk.submitJob(job());
    expect((await rig.chain.job(jobId)).priceWei).toBe(tokensToWei(1));
  });

  it("a listing for nothing is passed over", async () => {
    rig.listed = priced(0n);
    await expect(client({ signer: await rig.fundedKey() }).submitJob(job())).rejects.toMatchObject({ code: "NO_PROVIDER" });
  });
});

describe("an answer that the chain did not verify", () => {
  it.each([
    ["sent before", {}],
    ["sent after", { resultLast: true }],
  ])("is never shown as verified where the proof on the chain is about another output (%s)", async (_, script) => {
    const sdk = client({ signer: await rig.fundedKey() });
    rig.script = { provesAnother: true, ...script };
    const { jobId } = await sdk.submitJob(job());
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code: "COMMITMENT_MISMATCH" });
    await expect(sdk.result(jobId, { until: "paid" })).rejects.toMatchObject({ code: "COMMITMENT_MISMATCH" });
    await expect(sdk.result(jobId, { until: "answer" })).rejects.toMatchObject({ code: "COMMITMENT_MISMATCH" });
    const filed = rig.receipts.some((message) => message.signed.receipt.jobId === jobId);
    if ("resultLast" in script) expect(filed).toBe(false);
    await expect.poll(async () => (await rig.chain.job(jobId)).state).toBe("settled");
    expect(await sdk.evidence(jobId)).toMatchObject({ kind: "zk", receipt: null });
    const shown = evidence.parse(await (await fetch(`${rig.gateway.url}/proofs/${jobId}`)).json());
    expect(shown).toMatchObject({ kind: "zk", receipt: null, outputCommitment: (await rig.chain.job(jobId)).outputCommitment });
  });

  it("is an answer with a receipt, and no more, where the proof is never submitted", async () => {
    const sdk = client({ signer: await rig.fundedKey(), acceptWithinSeconds: 3, deadlineSeconds: 4 });
    rig.script = { neverSubmits: true };
    const { jobId } = await sdk.submitJob(job());
    expect(await sdk.result(jobId, { until: "answer" })).toMatchObject({ evidenceKind: "receipt" });
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code: "JOB_EXPIRED" });
    expect(await sdk.result(jobId, { until: "answer" })).toMatchObject({ evidenceKind: "receipt" });
  });
});

describe("evidence", () => {
  it("of a proof that came by way of another contract: states and commitments, no zk, and why", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    rig.rpcFault = (method) =>
      method === "eth_getTransactionByHash" ? (result) => (result ? { ...result, to: `0x${"cc".repeat(20)}` } : result) : undefined;
    const { jobId } = await sdk.submitJob(job());
    const { outputCommitment } = await sdk.result(jobId, { until: "paid" });
    const read = async (): Promise<unknown> => {
      const response = await fetch(`${rig.gateway.url}/proofs/${jobId}`);
      expect(response.status).toBe(200);
      return evidence.parse(await response.json());
    };
    const holds = { state: "settled", zk: null, zkMissing: expect.stringContaining("not a direct call") as string, transactions: { proven: {} } };
    await expect.poll(read).toMatchObject({ ...holds, kind: "receipt", receipt: {} });
    expect(BigInt((await sdk.evidence(jobId)).outputCommitment ?? 0)).toBe(outputCommitment);
    expect(await sdk.evidence(jobId)).toMatchObject({ ...holds, kind: null, receipt: null });
    expect(await sdk.verify(jobId)).toMatchObject({ verified: true, onChainVerified: true }); // it holds the proof itself
    await expect(client().verify(jobId)).rejects.toMatchObject({ code: "PROOF_UNAVAILABLE" }); // a stranger does not
  });

  it("of an unknown or unproven job costs no search of the chain's logs", async () => {
    const methods: string[] = [];
    rig.rpcFault = (method) => {
      methods.push(method);
      return undefined;
    };
    const unknown = `0x${"ab".repeat(32)}`;
    expect((await fetch(`${rig.gateway.url}/proofs/${unknown}`)).status).toBe(404);
    await expect(client().verify(unknown)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    expect(methods).toContain("eth_call");
    expect(methods).not.toContain("eth_getLogs");
  });
});

describe("the gateway's web server", () => {
  it("takes so many connections and no more, and closes those that dribble", async () => {
    const node = await createNode({ peerSeed: randomBytes(32), listen: [] });
    const limits = { maxConnections: 2, headersMs: 300, requestMs: 600, idleMs: 5000 };
    const document = () => ({ rpcUrl: rig.rpcUrl, models: [], devnet: true });
    const gateway = await createGateway({ node, chain: rig.chain, port: 0, document, limits });
    const dial = (): { socket: Socket; gone: Promise<number> } => {
      const startedAt = performance.now();
      const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
      const gone = new Promise<number>((resolve) => { socket.on("close", () => { resolve(performance.now() - startedAt); }).resume(); }); // prettier-ignore
      return { socket, gone };
    };
    const dribble = (): Promise<number> => {
      const { socket, gone } = dial();
      socket.write("GET /providers HTTP/1.1\r\nHost: 127");
      return gone;
    };
    const slow = [dribble(), dribble()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await dial().gone).toBeLessThan(200);
    for (const gone of slow) expect(await gone).toBeLessThan(2000);
    const { status, headers } = await fetch(`${gateway.url}/.well-known/zpu.json`);
    expect([status, headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    expect(discoveryDocument.safeParse(await (await fetch(`${gateway.url}/.well-known/zpu.json`)).json()).success).toBe(true);
    await gateway.close();
    await node.stop();
  });
});
