/** The two processes that do the work, with the committed model: what they give is the fixture's answer, and nothing else can be proven. */
import { readFileSync } from "node:fs";
import { connect } from "@zpu/ipc/rpc/connect";
import { pipePair } from "@zpu/ipc/rpc/pipe";
import { executor } from "@zpu/ipc/workers/executor";
import { prover } from "@zpu/ipc/workers/prover";
import { DIGITS } from "@zpu/circuits/digits";
import { commitInput, commitOutput } from "@zpu/proofs/commitment";
import { verifyGroth16 } from "@zpu/proofs/groth16";
import { bytes32 } from "@zpu/protocol/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { serveExecutor } from "../execution/executor.ts";
import { digitsModel } from "../jobs/models.ts";
import { serveProver } from "./prover.ts";

const fixture = z
  .object({ pixels: z.base64(), logits: z.array(z.coerce.number()), label: z.number() })
  .parse(JSON.parse(readFileSync(DIGITS.fixture.path, "utf8")));
const pixels = Uint8Array.from(Buffer.from(fixture.pixels, "base64"));
const model = digitsModel();
const WRONG_DIGEST = bytes32.parse(`0x${"00".repeat(32)}`);

const executing = () => {
  const [ours, theirs] = pipePair(structuredClone);
  serveExecutor(theirs);
  return connect(executor, ours);
};
const proving = () => {
  const [ours, theirs] = pipePair(structuredClone);
  serveProver(theirs);
  return connect(prover, ours);
};
const files = {
  ...model.proverFiles,
  witnessSha256: bytes32.parse(model.proverFiles.witnessSha256),
  zkeySha256: bytes32.parse(model.proverFiles.zkeySha256),
  vkeySha256: bytes32.parse(model.proverFiles.vkeySha256),
};

describe("executor", () => {
  it("gives the committed digit's answer, the same every time", async () => {
    const client = executing();
    const { engine } = await client.load({ path: model.onnx.path, sha256: bytes32.parse(model.onnx.sha256) });
    expect(engine).toMatch(/^onnxruntime-node@\d+\.\d+\.\d+\/cpu$/);
    for (let round = 0; round < 3; round += 1) expect((await client.run({ input: pixels })).output).toEqual(fixture.logits);
  });

  it("refuses a model whose digest differs, an input of another size, and a run before loading", async () => {
    const client = executing();
    await expect(client.run({ input: pixels })).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(client.load({ path: model.onnx.path, sha256: WRONG_DIGEST })).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
    await client.load({ path: model.onnx.path, sha256: bytes32.parse(model.onnx.sha256) });
    await expect(client.run({ input: new Uint8Array(783) })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("prover", () => {
  const client = proving();
  beforeAll(async () => {
    await client.load(files);
  });
  afterAll(async () => {
    // snarkjs keeps its threads for the next proof; in a test there is none.
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
  });
  const statement = { input: pixels, output: fixture.logits, inputSalt: 11n, outputSalt: 12n, context: 13n };

  it("proves the committed digit, and the proof verifies under the committed key", async () => {
    const { proof, publicSignals, ms } = await client.prove(statement);
    expect(publicSignals).toEqual([commitInput(pixels, 11n), commitOutput(fixture.logits, 12n), 13n]);
    expect(verifyGroth16(DIGITS.verifyingKey, publicSignals, proof)).toEqual({ ok: true });
    expect(verifyGroth16(DIGITS.verifyingKey, [publicSignals[0], publicSignals[1], 14n], proof).ok).toBe(false);
    expect(ms.prove).toBeGreaterThan(0);
  });

  it("makes no proof of a wrong output", async () => {
    const output = fixture.logits.map((value, index) => (index === 3 ? value + 1 : value));
    await expect(client.prove({ ...statement, output })).rejects.toMatchObject({ code: "PROOF_INVALID" });
    expect((await client.prove(statement)).publicSignals[2]).toBe(13n);
  });

  it("loads no key whose digest differs", async () => {
    await expect(proving().load({ ...files, zkeySha256: WRONG_DIGEST })).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
  });
});
