/** abi.ts is what the sources compile to, and every error in it has its sentence. */
import { Fragment, Interface } from "ethers";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import * as abi from "./abi.ts";
import { loadArtifacts, type Artifacts } from "./artifacts.ts";
import { decodeRevert, describeRevert, REVERTS } from "./errors.ts";
import { ABI_CONSTANTS, renderAbi } from "./script/abi-text.ts";

let compiled: Artifacts;
beforeAll(async () => {
  compiled = await loadArtifacts();
}, 60_000);

describe("abi.ts", () => {
  it("is what the contracts compile to", async () => {
    expect(await readFile(new URL("./abi.ts", import.meta.url), "utf8")).toBe(await renderAbi(compiled));
  });

  it("parses in full", () => {
    for (const constant of Object.keys(ABI_CONSTANTS) as (keyof typeof ABI_CONSTANTS)[]) {
      expect(new Interface(abi[constant]).fragments).toHaveLength(abi[constant].length);
    }
  });
});

const declared = new Map(
  Object.values(abi)
    .flat()
    .filter((text) => text.startsWith("error "))
    .map((text) => Fragment.from(text))
    .map((fragment) => [(fragment as unknown as { name: string }).name, fragment.inputs]),
);

describe("errors.ts", () => {
  it("has a sentence for every error of the contracts, and for no other", () => {
    expect(Object.keys(REVERTS).sort()).toEqual([...declared.keys(), "Error", "Panic"].sort());
  });

  it("fills every blank of every sentence from the error's own arguments", () => {
    for (const [name, inputs] of declared) {
      const sentence = REVERTS[name]?.[1] ?? "";
      const blanks = [...sentence.matchAll(/\{(\w+)\}/g)].map(([, blank]) => blank);
      expect(
        blanks.filter((blank) => !inputs.some((input) => input.name === blank)),
        name,
      ).toEqual([]);
    }
  });

  const encoder = new Interface(
    [...abi.JOBS_ABI, ...abi.VERIFIER_ABI, "error Error(string)", "error Panic(uint256)"].filter((text) => text.startsWith("error ")),
  );
  const jobId = `0x${"ab".repeat(32)}`;

  it("decodes names, states and arguments", () => {
    const revert = decodeRevert(encoder.encodeErrorResult("JobStateWrong", [jobId, 4]));
    expect(revert).toEqual({ name: "JobStateWrong", args: { jobId, state: "settled" } });
    expect(revert && describeRevert(revert)).toEqual({
      code: "TRANSACTION_REVERTED",
      sentence: `Job ${jobId} is settled, and this step does not follow from there.`,
      reason: `JobStateWrong(jobId=${jobId}, state=settled)`,
    });
    const unknown = decodeRevert(encoder.encodeErrorResult("JobStateWrong", [jobId, 0]));
    expect(unknown && describeRevert(unknown).code).toBe("JOB_UNKNOWN");
    expect(decodeRevert(encoder.encodeErrorResult("ProofPointInvalid", [1]))?.args).toEqual({ point: "b" });
    expect(decodeRevert(encoder.encodeErrorResult("SignalOutOfField", [1, 7]))?.args).toEqual({ index: "output commitment", value: "7" });
    expect(decodeRevert(encoder.encodeErrorResult("NotOperator", [`0x${"AB".repeat(20)}`]))?.args).toEqual({ caller: `0x${"ab".repeat(20)}` });
  });

  it("decodes the errors built into Solidity", () => {
    const text = decodeRevert(encoder.encodeErrorResult("Error", ["No Way"]));
    expect(text && describeRevert(text)).toMatchObject({ sentence: "No Way", reason: "Error(message=No Way)" });
    const panic = decodeRevert(encoder.encodeErrorResult("Panic", [17]));
    expect(panic && describeRevert(panic).sentence).toBe("The contract failed an internal check (code 17).");
  });

  it("knows nothing of empty, foreign and damaged data", () => {
    for (const data of ["", "0x", "0x12345678", "not hex", encoder.encodeErrorResult("NotOperator", [`0x${"ab".repeat(20)}`]).slice(0, 40)]) {
      expect(decodeRevert(data), data).toBeUndefined();
    }
  });
});
