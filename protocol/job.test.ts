import { AbiCoder, keccak256 } from "ethers";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { address, bytes32, jobId, modelId } from "./ids.ts";
import { BN254_ORDER, deriveJobId, isTerminal, jobContext, jobState, mayBecome, specHash, type JobSpec, type JobState } from "./job.ts";

const spec: JobSpec = {
  provider: address.parse(`0x${"11".repeat(20)}`),
  modelId: modelId.parse(`0x${"22".repeat(32)}`),
  inputCommitment: bytes32.parse(`0x${"03".repeat(32)}`),
  priceWei: 2n * 10n ** 18n,
  acceptBy: 1_800_000_000,
  deadline: 1_800_000_600,
};
const requestor = address.parse(`0x${"44".repeat(20)}`);
const SPEC_TUPLE = ["address", "bytes32", "bytes32", "uint256", "uint64", "uint64"];
const coder = AbiCoder.defaultAbiCoder();

test("spec hash and job id are what abi.encode and keccak256 give", () => {
  const expected = keccak256(
    coder.encode(SPEC_TUPLE, [spec.provider, spec.modelId, spec.inputCommitment, spec.priceWei, spec.acceptBy, spec.deadline]),
  );
  expect(specHash(spec)).toBe(expected);
  expect(deriveJobId(requestor, 7n, spec)).toBe(keccak256(coder.encode(["address", "uint256", "bytes32"], [requestor, 7n, expected])));
});

test("the context is the hash cut to 248 bits, and changes with every part", () => {
  const id = jobId.parse(`0x${"55".repeat(32)}`);
  const expected = BigInt(keccak256(coder.encode(["uint256", "address", "bytes32", "address"], [1n, requestor, id, spec.provider]))) >> 8n;
  expect(jobContext(1n, requestor, id, spec.provider)).toBe(expected);
  expect(expected < BN254_ORDER).toBe(true);
  const others = [
    jobContext(2n, requestor, id, spec.provider),
    jobContext(1n, spec.provider, id, spec.provider),
    jobContext(1n, requestor, jobId.parse(`0x${"56".repeat(32)}`), spec.provider),
    jobContext(1n, requestor, id, requestor),
  ];
  expect(new Set([expected, ...others]).size).toBe(5);
});

test("golden vectors, shared with the contracts and other languages", () => {
  const vector = z.object({
    spec: z.record(z.string(), z.string()),
    requestor: z.string(),
    nonce: z.string(),
    chainId: z.string(),
    jobs: z.string(),
    specHash: z.string(),
    jobId: z.string(),
    context: z.string(),
  });
  const cases = z.array(vector).parse(JSON.parse(readFileSync(new URL("vectors/job.json", import.meta.url), "utf8")));
  expect(cases.length).toBeGreaterThanOrEqual(3);
  for (const item of cases) {
    const read: JobSpec = {
      provider: address.parse(item.spec.provider),
      modelId: modelId.parse(item.spec.modelId),
      inputCommitment: bytes32.parse(item.spec.inputCommitment),
      priceWei: BigInt(item.spec.priceWei ?? ""),
      acceptBy: Number(item.spec.acceptBy),
      deadline: Number(item.spec.deadline),
    };
    const id = deriveJobId(address.parse(item.requestor), BigInt(item.nonce), read);
    expect({
      specHash: specHash(read),
      jobId: id,
      context: jobContext(BigInt(item.chainId), address.parse(item.jobs), id, read.provider).toString(),
    }).toEqual({
      specHash: item.specHash,
      jobId: item.jobId,
      context: item.context,
    });
  }
});

test("the way of a paid job is allowed step by step, and no end leads anywhere", () => {
  const way: JobState[] = ["offered", "accepting", "accepted", "executed", "proven", "submitting", "verified", "settling", "paid"];
  for (let at = 1; at < way.length; at += 1) expect(mayBecome(way[at - 1]!, way[at]!)).toBe(true);
  for (const state of jobState.options) {
    if (isTerminal(state)) for (const other of jobState.options) expect(mayBecome(state, other)).toBe(false);
  }
  expect(jobState.options.filter(isTerminal).sort()).toEqual(["cancelled", "expired", "failed", "paid"]);
  expect(mayBecome("accepted", "paid")).toBe(false);
  expect(mayBecome("verified", "failed")).toBe(false);
});
