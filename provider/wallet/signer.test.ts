/** The signer over its pipe: what it signs, for whom, and everything it refuses. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyTypedData, Interface, Transaction } from "ethers";
import { connect } from "@zpu/ipc/rpc/connect";
import type { Client } from "@zpu/ipc/rpc/contract";
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { contractAddresses, signer as signerContract, type Intent, type NodeIdentity } from "@zpu/ipc/workers/signer";
import { address, bytes32, jobId, modelId } from "@zpu/protocol/ids";
import { eip712Domain, NODE_BINDING_TYPES, RECEIPT_TYPES, type Receipt } from "@zpu/protocol/receipt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeIntent, GAS_LIMIT_CEILINGS, MAX_FEE_PER_GAS_CEILING_WEI } from "./intents.ts";
import { nodeKeyPath } from "./key-file.ts";
import { createKeyFiles } from "./keys.ts";
import { serveSigner } from "./signer.ts";
import { recoverReceiptSigner } from "./typed-data.ts";

const JUNK = "test test test test test test test test test test test junk";
const at = (digit: string) => address.parse(`0x${digit.repeat(40)}`);
const word = (digit: string) => bytes32.parse(`0x${digit.repeat(64)}`);
const contracts = contractAddresses.parse({
  chainId: 5_918_805n,
  token: at("1"),
  registry: at("2"),
  jobs: at("3"),
  verifier: at("4"),
  treasury: at("5"),
});
const JOB = jobId.parse(word("a"));
const fees = { gasLimit: 100_000n, maxFeePerGasWei: 3_000_000_000n, maxPriorityFeePerGasWei: 1_000_000_000n };
const proof = { a: [1n, 2n], b: [[3n, 4n], [5n, 6n]], c: [7n, 8n] } satisfies Extract<Intent, { type: "prove" }>["proof"]; // prettier-ignore

let dir = "";
let client: Client<typeof signerContract>;
let identity: NodeIdentity;
let stop: () => void;
const unlock = () => client.unlock({ keyFile: nodeKeyPath(dir), protectionFile: join(dir, "signer.sqlite"), contracts });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "zpu-signer-"));
  identity = createKeyFiles(dir, JUNK);
  const [core, process] = pipePair((value) => structuredClone(value));
  stop = serveSigner(process, () => 1_700_000_000_000);
  client = connect(signerContract, core, "SIGNER_DIED");
});
afterEach(() => {
  stop();
  rmSync(dir, { recursive: true, force: true });
});

const register = (): Intent => ({ type: "register", operator: identity.operator, payout: identity.payout, peerKey: identity.peerKey, stakeWei: 5n });
const INTENTS: readonly [make: () => Intent, to: string, role: "owner" | "operator", abi: string, args: () => unknown[]][] = [
  [() => ({ type: "approve", amountWei: 9n }), contracts.token, "owner", "approve(address,uint256)", () => [contracts.registry, 9n]],
  [
    register,
    contracts.registry,
    "owner",
    "register(address,address,bytes32,uint256)",
    () => [identity.operator, identity.payout, identity.peerKey, 5n],
  ],
  [() => ({ type: "addStake", amountWei: 9n }), contracts.registry, "owner", "addStake(uint256)", () => [9n]],
  [() => ({ type: "accept", jobId: JOB }), contracts.jobs, "operator", "accept(bytes32)", () => [JOB]],
  [
    () => ({ type: "prove", jobId: JOB, outputCommitment: word("b"), proof }),
    contracts.jobs,
    "operator",
    "prove(bytes32,bytes32,tuple(uint256[2],uint256[2][2],uint256[2]))",
    () => [JOB, word("b"), [[1n, 2n], [[4n, 3n], [6n, 5n]], [7n, 8n]]], // prettier-ignore
  ],
  [() => ({ type: "settle", jobId: JOB }), contracts.jobs, "operator", "settle(bytes32)", () => [JOB]],
  [() => ({ type: "claim", account: at("9") }), contracts.treasury, "operator", "claim(address)", () => [at("9")]],
];

describe("keys", () => {
  it("are made by the signer where there are none, stay the same, and are made for no other folder once it is unlocked", async () => {
    const fresh = join(dir, "fresh");
    const made = await client.ensureKeys({ dataDir: fresh });
    expect(await client.ensureKeys({ dataDir: fresh })).toEqual(made);
    expect(statSync(nodeKeyPath(fresh)).mode & 0o777).toBe(0o600);
    expect(await client.ensureKeys({ dataDir: dir })).toEqual(identity);
    await expect(client.signBinding({ binding: { ...made, expiresAt: 1_700_086_400, provider: made.owner } })).rejects.toMatchObject({
      code: "SIGNATURE_REFUSED",
    });
    await unlock();
    await expect(client.ensureKeys({ dataDir: join(dir, "other") })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    expect(existsSync(join(dir, "other"))).toBe(false);
  });
});

describe("transactions", () => {
  it("are exactly the call of their intent, from the right account, with no value, on the pinned chain", async () => {
    expect(await unlock()).toEqual(identity);
    for (const [make, to, role, abi, args] of INTENTS) {
      const signed = await client.signTransaction({ intent: make(), nonce: 7, ...fees });
      const transaction = Transaction.from(signed.raw);
      expect(transaction).toMatchObject({ type: 2, chainId: contracts.chainId, nonce: 7, value: 0n, gasLimit: fees.gasLimit, hash: signed.hash });
      expect([transaction.to?.toLowerCase(), transaction.from?.toLowerCase(), signed.from]).toEqual([to, identity[role], identity[role]]);
      const expected = new Interface([`function ${abi}`]).encodeFunctionData(abi.slice(0, abi.indexOf("(")), args());
      expect(transaction.data).toBe(expected);
    }
  });

  it("of the same intent are the same bytes", async () => {
    await unlock();
    const input = { intent: register(), nonce: 0, ...fees };
    expect(await client.signTransaction(input)).toEqual(await client.signTransaction(input));
  });

  it("are refused above the ceilings, with foreign keys, and while locked", async () => {
    const ask = (intent: Intent, change: Partial<typeof fees> = {}) => client.signTransaction({ intent, nonce: 0, ...fees, ...change });
    const refused = expect.objectContaining({ code: "SIGNATURE_REFUSED" }) as Error;
    await expect(ask(register())).rejects.toEqual(refused);
    await unlock();
    for (const [make] of INTENTS) {
      const ceiling = GAS_LIMIT_CEILINGS[make().type];
      await expect(ask(make(), { gasLimit: ceiling })).resolves.toBeDefined();
      await expect(ask(make(), { gasLimit: ceiling + 1n })).rejects.toEqual(refused);
    }
    await expect(ask(register(), { maxFeePerGasWei: MAX_FEE_PER_GAS_CEILING_WEI + 1n })).rejects.toEqual(refused);
    await expect(ask(register(), { maxPriorityFeePerGasWei: fees.maxFeePerGasWei + 1n })).rejects.toEqual(refused);
    await expect(ask({ ...register(), operator: at("6") } as Intent)).rejects.toEqual(refused);
    await expect(ask({ ...register(), peerKey: word("6") } as Intent)).rejects.toEqual(refused);
    await expect(ask({ ...register(), payout: at("6") } as Intent)).rejects.toEqual(refused);
  });

  it("never go anywhere but to the pinned contracts", () => {
    const pinned = Object.values(contracts);
    for (const [make] of INTENTS) expect(pinned).toContain(encodeIntent(make(), contracts).to);
  });

  it("cannot be had for another chain or another contract by unlocking again", async () => {
    await unlock();
    await expect(unlock()).resolves.toEqual(identity);
    const again = (change: object) =>
      client.unlock({ keyFile: nodeKeyPath(dir), protectionFile: join(dir, "signer.sqlite"), contracts: { ...contracts, ...change } });
    await expect(again({ chainId: 1n })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    await expect(again({ registry: at("8") })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
  });
});

const receipt = (change: Partial<Receipt> = {}): Receipt => ({
  jobId: JOB, provider: identity.owner, requestor: at("7"), modelId: modelId.parse(word("c")), engine: "onnxruntime-node@1.30.0/cpu", profile: "integer-v1",
  inputCommitment: word("d"), outputCommitment: word("e"), startedAtMs: 10, finishedAtMs: 20, ...change,
}); // prettier-ignore

describe("receipts and bindings", () => {
  it("a receipt is signed by the operator, once, and tells chains and contracts apart", async () => {
    await unlock();
    const { signature } = await client.signReceipt({ receipt: receipt() });
    expect(recoverReceiptSigner(contracts, receipt(), signature)).toBe(identity.operator);
    expect(verifyTypedData(eip712Domain(contracts.chainId, contracts.jobs), RECEIPT_TYPES, receipt(), signature).toLowerCase()).toBe(
      identity.operator,
    );
    for (const other of [
      { ...contracts, chainId: 1n },
      { ...contracts, jobs: at("8") },
    ])
      expect(recoverReceiptSigner(other, receipt(), signature)).not.toBe(identity.operator);
    expect(recoverReceiptSigner(contracts, receipt({ outputCommitment: word("f") }), signature)).not.toBe(identity.operator);
    expect(recoverReceiptSigner(contracts, receipt(), "0x1234")).toBeUndefined();
    expect(await client.signReceipt({ receipt: receipt() })).toEqual({ signature });
    await expect(client.signReceipt({ receipt: receipt({ outputCommitment: word("f") }) })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    await expect(client.signReceipt({ receipt: receipt({ provider: at("7") }) })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    const backwards = receipt({ jobId: jobId.parse(word("b")), finishedAtMs: 9 });
    await expect(client.signReceipt({ receipt: backwards })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
  });

  it("a binding is signed by operator and peer, for the node's own keys and a limited time only", async () => {
    await unlock();
    const binding = {
      provider: identity.owner,
      operator: identity.operator,
      peerKey: identity.peerKey,
      encryptionKey: identity.encryptionKey,
      expiresAt: 1_700_086_400,
    };
    const { operatorSignature, peerSignature } = await client.signBinding({ binding });
    expect(verifyTypedData(eip712Domain(contracts.chainId, contracts.jobs), NODE_BINDING_TYPES, binding, operatorSignature).toLowerCase()).toBe(
      identity.operator,
    );
    expect(peerSignature).toMatch(/^0x[0-9a-f]{128}$/);
    for (const change of [
      { provider: at("1") },
      { operator: at("1") },
      { peerKey: word("1") },
      { encryptionKey: word("1") },
      { expiresAt: 1_800_000_000 },
    ]) {
      await expect(client.signBinding({ binding: { ...binding, ...change } })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    }
  });
});
