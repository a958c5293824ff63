/** A receipt only for the job that the chain has, and only with the operator's signature. */
import { address, bytes32, jobId, modelId } from "@zpu/protocol/ids";
import { Wallet } from "ethers";
import { expect, it } from "vitest";
import { receiptDigest } from "../wallet/typed-data.ts";
import type { ChainJob } from "../ports.ts";
import { buildReceipt, signReceipt, type RunFacts } from "./receipts.ts";

const at = (digit: string) => address.parse(`0x${digit.repeat(40)}`);
const word = (digit: string) => bytes32.parse(`0x${digit.repeat(64)}`);
const run: RunFacts = {
  jobId: jobId.parse(word("a")),
  engine: "onnxruntime-node@1.30.0/cpu",
  profile: "integer-v1",
  inputCommitment: word("1"),
  outputCommitment: word("2"),
  startedAtMs: 5,
  finishedAtMs: 6,
};
const job: ChainJob = {
  state: "accepted", requestor: at("b"), provider: at("c"), modelId: modelId.parse(word("d")), inputCommitment: word("1"), outputCommitment: word("0"),
  priceWei: 2n, acceptBy: 1, deadline: 2,
}; // prettier-ignore
const code = (change: Partial<ChainJob>): unknown => {
  try {
    return buildReceipt(run, { ...job, ...change }, at("c"));
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

it("names what was run, for whom, and with what", () => {
  expect(buildReceipt(run, job, at("c"))).toEqual({ ...run, provider: at("c"), requestor: at("b"), modelId: word("d") });
  expect(buildReceipt(run, { ...job, state: "settled", outputCommitment: word("2") }, at("c")).outputCommitment).toBe(word("2"));
});

it("is not built for another provider, state, input or output than the chain's", () => {
  expect(code({ provider: at("e") })).toBe("JOB_NOT_POSTED");
  for (const state of ["none", "posted", "cancelled", "expired", "refunded"] as const) expect(code({ state })).toBe("JOB_NOT_POSTED");
  expect(code({ inputCommitment: word("9") })).toBe("COMMITMENT_MISMATCH");
  expect(code({ state: "proven", outputCommitment: word("9") })).toBe("COMMITMENT_MISMATCH");
});

it("leaves only with the operator's own signature", async () => {
  const operator = Wallet.createRandom();
  const domain = { chainId: 5_918_805n, jobs: at("3") };
  const built = buildReceipt(run, job, at("c"));
  const signer = (wallet: { signingKey: { sign(digest: string): { serialized: string } } }) => ({
    signReceipt: ({ receipt }: { receipt: object }) => {
      expect(receipt).toEqual(built);
      return Promise.resolve({ signature: wallet.signingKey.sign(receiptDigest(domain, built)).serialized });
    },
  });
  const signing = { domain, operator: address.parse(operator.address.toLowerCase()) };
  const signed = await signReceipt(built, { ...signing, signer: signer(operator) });
  expect(signed.receipt).toEqual(built);
  await expect(signReceipt(built, { ...signing, signer: signer(Wallet.createRandom()) })).rejects.toMatchObject({ code: "INTERNAL" });
});
