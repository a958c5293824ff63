/** The SDK and the gateway on a real chain, against a provider that can misbehave in every way we know. */
import { request as httpRequest } from "node:http";
import { discoveryDocument, evidence, providerList } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { address, jobId as jobIdSchema } from "@zpu/protocol/ids";
import { tokensToWei } from "@zpu/protocol/money";
import { ZPUClient, type ClientOptions } from "@zpu/sdk/client";
import { identityFromSeed } from "@zpu/network/identity";
import { createNode } from "@zpu/network/node";
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Wallet } from "ethers";
import { MODEL, MODEL_NAME, openSdkRig, PRICE, type SdkRig } from "./sdk-rig.ts";

let rig: SdkRig;
const clients: ZPUClient[] = [];
const client = (options: ClientOptions = {}): ZPUClient => {
  const made = new ZPUClient(`${rig.gateway.url}/`, options);
  clients.push(made);
  return made;
};
const pixels = (): Uint8Array => new Uint8Array(randomBytes(784));
const job = (input: Uint8Array = pixels(), maxBudget: number | string = 5) => ({ model: MODEL_NAME, input: { pixels: input }, maxBudget });

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

describe("a job that goes well", () => {
  it("is submitted with faucet money, answered, proven, paid, verified and evidenced", async () => {
    const sdk = client();
    const input = pixels();
    const { jobId, proofUrl } = await sdk.submitJob(job(input, "2.5"));
    expect(proofUrl).toBe(`${rig.gateway.url}/proofs/${jobId}`);
    const result = await sdk.result(jobId);
    expect(result.logits).toEqual(rig.logitsOf(input));
    expect(result.digit).toBe(result.logits.indexOf(Math.max(...result.logits)));
    expect(result).toMatchObject({ evidenceKind: "zk", priceWei: PRICE, provider: rig.provider });
    const paid = await sdk.result(jobId, { until: "paid" });
    expect(paid.transactions).toMatchObject({ posted: {}, accepted: {}, proven: {}, settled: {} });
    const verification = await sdk.verify(jobId);
    expect(verification).toMatchObject({ verified: true, onChainVerified: true, transaction: { hash: paid.transactions.proven?.hash } });
    const states: string[] = [];
    for await (const step of sdk.job(jobId)) states.push(step.state);
    expect(states).toEqual(["accepted", "verified", "paid"]);
    // anyone can verify, with no part in the job
    expect(await client({ signer: Wallet.createRandom().privateKey }).verify(jobId)).toMatchObject({ verified: true });

    await expect.poll(async () => (await (await fetch(proofUrl)).json()) as unknown).toMatchObject({ receipt: {} });
    const response = await fetch(proofUrl);
    const shown = evidence.parse(await response.json());
    expect(shown).toMatchObject({
      kind: "zk",
      state: "settled",
      zk: { onChainVerified: true, vkHash: verification.vkHash },
      outputCommitment: result.receipt.receipt.outputCommitment,
    });
    expect(shown.zk?.publicSignals).toEqual(verification.publicSignals);
    expect(shown.zk?.proof).toEqual(result.proof);
    const etag = response.headers.get("etag") ?? "";
    expect((await fetch(proofUrl, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect(rig.receipts.some((message) => message.signed.receipt.jobId === jobId)).toBe(true);
  });

  it("several at once from one account", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const inputs = [pixels(), pixels(), pixels()];
    const submitted = await Promise.all(inputs.map((input) => sdk.submitJob(job(input))));
    const results = await Promise.all(submitted.map(({ jobId }) => sdk.result(jobId, { until: "answer" })));
    expect(results.map(({ logits }) => logits)).toEqual(inputs.map((input) => rig.logitsOf(input)));
  });

  it("survives a broken stream, by resume", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    rig.script = { breakOnce: true };
    const input = pixels();
    const { jobId } = await sdk.submitJob(job(input));
    expect((await sdk.result(jobId, { until: "paid" })).logits).toEqual(rig.logitsOf(input));
  });

  it("survives a restart of the provider", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const input = pixels();
    const { jobId } = await sdk.submitJob(job(input));
    await rig.restartProvider();
    expect((await sdk.result(jobId, { until: "paid" })).logits).toEqual(rig.logitsOf(input));
  });
});

describe("what is refused before anything is paid", () => {
  it("names each reason by its code", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    await expect(sdk.submitJob({ ...job(), model: "no-such-model" })).rejects.toMatchObject({
      code: "UNKNOWN_MODEL",
      facts: { available: MODEL_NAME },
    });
    await expect(sdk.submitJob(job(pixels(), 1.5))).rejects.toMatchObject({ code: "BUDGET_TOO_LOW", facts: { budget: "1.5", price: "2" } });
    await expect(sdk.submitJob(job(pixels(), "a lot"))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(sdk.submitJob({ ...job(), input: { pixels: [1, 2, 3] } })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(sdk.submitJob({ ...job(), input: { pixels: new Array<number>(784).fill(0.5) } })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(sdk.submitJob({ ...job(), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
    const poor = client({ signer: Wallet.createRandom().privateKey });
    await expect(poor.submitJob(job())).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS", facts: { needed: "2 NZIDIA", balance: "0 NZIDIA" } });
    await expect(client({ signer: "0x12" }).submitJob(job())).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    rig.script = { reject: new ZpuError("PROVIDER_PAUSED") };
    await expect(sdk.submitJob(job())).rejects.toMatchObject({ code: "PROVIDER_PAUSED" });
    await expect(sdk.result("0x12")).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    await expect(sdk.verify(`0x${"00".repeat(32)}`)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  });

  it("a provider whose binding is forged gets no input", async () => {
    const seen = rig.offersSeen.length;
    rig.script = { forgedHello: true };
    await expect(client({ signer: await rig.fundedKey() }).submitJob(job())).rejects.toMatchObject({
      code: "BINDING_INVALID",
      facts: { detail: "the operator did not sign it" },
    });
    expect(rig.offersSeen.length).toBe(seen);
  });

  it("the gateway lists no one whose binding does not hold", async () => {
    const seed = randomBytes(32);
    const stranger = await createNode({ peerSeed: seed, listen: [] });
    const gatewayAddresses = discoveryDocument.parse(await (await fetch(`${rig.gateway.url}/.well-known/zpu.json`)).json()).multiaddrs;
    const peer = await stranger.dial(gatewayAddresses);
    const hello = { version: 1, role: "provider" as const, chainId: 5918805n, offerings: [], multiaddrs: [] };
    await expect(stranger.sayHello(peer, hello)).rejects.toMatchObject({ code: "BINDING_INVALID" });
    await expect(stranger.sayHello(peer, { ...hello, binding: rig.binding })).rejects.toMatchObject({
      code: "BINDING_INVALID",
      facts: { detail: "it is for another peer than the one connected" },
    });
    const unknown = { ...rig.binding.binding, provider: address.parse(`0x${"77".repeat(20)}`), peerKey: (await identityFromSeed(seed)).peerKey };
    await expect(stranger.sayHello(peer, { ...hello, binding: await rig.sign(unknown, seed) })).rejects.toMatchObject({ code: "NOT_REGISTERED" });
    await expect(stranger.sayHello(peer, { ...hello, chainId: 1n })).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    await stranger.stop();
    const { providers } = providerList.parse(await (await fetch(`${rig.gateway.url}/providers`)).json());
    expect(providers.map(({ provider }) => provider)).toEqual([rig.provider]);
  });
});

describe("a provider that does not deliver", () => {
  it.each([
    ["an output that is not the committed one", { wrongOutput: true }, "COMMITMENT_MISMATCH"],
    ["a proof for something else", { wrongProof: true }, "PROOF_INVALID"],
    ["a receipt that its operator did not sign", { wrongReceipt: true }, "MALFORMED_MESSAGE"],
  ] as const)("%s is not accepted as an answer", async (_, script, code) => {
    const sdk = client({ signer: await rig.fundedKey() });
    rig.script = { ...script };
    const { jobId } = await sdk.submitJob(job());
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code });
    await expect(sdk.verify(jobId)).rejects.toMatchObject({ code: "PROOF_UNAVAILABLE" });
  });

  it("never accepting gives the escrow back", async () => {
    const sdk = client({ signer: await rig.fundedKey(), acceptWithinSeconds: 2 });
    const account = await sdk.account();
    rig.script = { neverAccept: true };
    const before = await rig.chain.tokenBalanceWei(account);
    const { jobId } = await sdk.submitJob(job());
    expect(await rig.chain.tokenBalanceWei(account)).toBe(before - PRICE);
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code: "TIMEOUT" });
    expect((await rig.chain.job(jobId)).state).toBe("cancelled");
    expect(await rig.chain.tokenBalanceWei(account)).toBe(before);
  });

  it("cancelling before acceptance gives the escrow back", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const account = await sdk.account();
    rig.script = { neverAccept: true };
    const { jobId } = await sdk.submitJob(job());
    await sdk.cancel(jobId);
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await rig.chain.tokenBalanceWei(account)).toBe(tokensToWei(100));
  });

  it("never proving makes the escrow refundable after the deadline, not before", async () => {
    const sdk = client({ signer: await rig.fundedKey(), acceptWithinSeconds: 3, deadlineSeconds: 5 });
    const account = await sdk.account();
    rig.script = { neverProve: true };
    const { jobId } = await sdk.submitJob(job());
    await expect.poll(() => sdk.job(jobId).chainState, { timeout: 5000 }).toBe("accepted");
    await expect(sdk.refund(jobId)).rejects.toMatchObject({ code: "TRANSACTION_REVERTED" });
    await expect(sdk.cancel(jobId)).rejects.toMatchObject({ code: "TRANSACTION_REVERTED" });
    await expect(sdk.result(jobId)).rejects.toMatchObject({ code: "JOB_EXPIRED" });
    await sdk.refund(jobId);
    expect((await rig.chain.job(jobId)).state).toBe("refunded");
    expect(await rig.chain.tokenBalanceWei(account)).toBe(tokensToWei(100));
  });
});

describe("the gateway's web face", () => {
  const problemOf = async (response: Response): Promise<unknown> => {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    return response.json();
  };

  it("serves the document and the live providers", async () => {
    const document = discoveryDocument.parse(await (await fetch(`${rig.gateway.url}/.well-known/zpu.json`)).json());
    expect(document).toMatchObject({
      chainId: 5918805,
      devnet: true,
      contracts: rig.chain.contracts,
      models: [{ name: MODEL_NAME, modelId: MODEL }],
    });
    expect((await (await fetch(`${rig.gateway.url}/health`)).json()) as unknown).toMatchObject({ ok: true, providers: 1 });
  });

  it("answers what is wrong with a code, a sentence and a remedy", async () => {
    const { url, port } = rig.gateway;
    const post = (body: string, type = "application/json"): Promise<Response> =>
      fetch(`${url}/receipts`, { method: "POST", body, headers: { "content-type": type } });
    const missing = await fetch(`${url}/proofs/0x${"00".repeat(32)}`);
    expect(missing.status).toBe(404);
    expect(await problemOf(missing)).toMatchObject({ code: "JOB_UNKNOWN", remedy: "Check the id." });
    expect(await problemOf(await fetch(`${url}/proofs/..%2f..%2fetc`))).toMatchObject({ code: "JOB_UNKNOWN" });
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect(await problemOf(await post("{"))).toMatchObject({ code: "MALFORMED_MESSAGE", status: 400 });
    expect(await problemOf(await post("{}", "text/plain"))).toMatchObject({ code: "MALFORMED_MESSAGE" });
    expect(await problemOf(await post(`"${"a".repeat(20_000)}"`))).toMatchObject({ code: "MESSAGE_TOO_LARGE", status: 413 });
    const foreign = await new Promise<number | undefined>((resolve) => {
      httpRequest({ host: "127.0.0.1", port, path: "/providers", headers: { host: "evil.example" } }, (response) => { resolve(response.statusCode); }).end(); // prettier-ignore
    });
    expect(foreign).toBe(403);
  });

  it("files no receipt that one of the two did not sign", async () => {
    const sdk = client({ signer: await rig.fundedKey() });
    const { jobId } = await sdk.submitJob(job());
    await sdk.result(jobId, { until: "paid" });
    await expect.poll(() => rig.receipts.find((message) => message.signed.receipt.jobId === jobId)).toBeDefined();
    const good = rig.receipts.find((message) => message.signed.receipt.jobId === jobId)!;
    const file = async (message: unknown): Promise<number> =>
      (await fetch(`${rig.gateway.url}/receipts`, { method: "POST", body: JSON.stringify(message), headers: { "content-type": "application/json" } }))
        .status;
    expect(await file(good)).toBe(200);
    expect(await file({ ...good, countersignature: good.signed.signature })).toBe(400);
    expect(await file({ ...good, signed: { ...good.signed, signature: good.countersignature } })).toBe(400);
    const receipt = { ...good.signed.receipt, jobId: jobIdSchema.parse(`0x${"ab".repeat(32)}`) };
    expect(await file({ ...good, signed: { ...good.signed, receipt } })).toBe(404);
    expect(await file({ ...good, signed: { ...good.signed, receipt: { ...good.signed.receipt, engine: "another" } } })).toBe(400);
  });
});

describe("when others are away", () => {
  it("says so by code", async () => {
    await rig.stopProvider();
    await expect.poll(() => rig.gateway.providers.list().length).toBe(0);
    const sdk = client({ signer: Wallet.createRandom().privateKey });
    await expect(sdk.submitJob(job())).rejects.toMatchObject({ code: "NO_PROVIDER" });
    await rig.restartProvider();
    await rig.stopRpc();
    await expect(client().submitJob(job())).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    await expect(new ZPUClient("http://127.0.0.1:9").verify(`0x${"00".repeat(32)}`)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" });
  });
});
