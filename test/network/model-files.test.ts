/** A model whose files are not the ones named by digest is refused by the very processes that would load them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DIGITS } from "@zpu/circuits/digits";
import { createSpawner } from "@zpu/cli/ports/spawner";
import { connect } from "@zpu/ipc/rpc/connect";
import { executor } from "@zpu/ipc/workers/executor";
import { prover } from "@zpu/ipc/workers/prover";
import { bytes32 } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ENTRIES = {
  executor: new URL("../../provider/execution/executor-process.ts", import.meta.url).href,
  prover: new URL("../../provider/proving/prover-process.ts", import.meta.url).href,
};
const proverFiles = {
  witnessPath: DIGITS.witness.path,
  witnessSha256: bytes32.parse(DIGITS.witness.sha256),
  zkeyPath: DIGITS.zkey.path,
  zkeySha256: bytes32.parse(DIGITS.zkey.sha256),
  vkeyPath: DIGITS.vkey.path,
  vkeySha256: bytes32.parse(DIGITS.vkey.sha256),
};

let dir = "";
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "zpu-model-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A copy of the file at `path` in which one bit is another. */
function tampered(path: string): string {
  const copy = join(dir, basename(path));
  copyFileSync(path, copy);
  const bytes = readFileSync(copy);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(copy, bytes);
  return copy;
}

async function inProcess<T>(
  name: keyof typeof ENTRIES,
  use: (pipe: ReturnType<ReturnType<typeof createSpawner>["spawn"]>["pipe"]) => Promise<T>,
): Promise<T> {
  const worker = createSpawner().spawn(name, ENTRIES[name]);
  try {
    return await use(worker.pipe);
  } finally {
    worker.kill();
    await worker.exited;
  }
}

describe("a model whose hash differs", () => {
  it("is not loaded by the executor, and the true one is", async () => {
    await inProcess("executor", async (pipe) => {
      const client = connect(executor, pipe, "EXECUTOR_DIED");
      const sha256 = bytes32.parse(DIGITS.onnx.sha256);
      await expect(client.load({ path: tampered(DIGITS.onnx.path), sha256 })).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
      await expect(client.run({ input: new Uint8Array(784) })).rejects.toBeDefined();
      expect((await client.load({ path: DIGITS.onnx.path, sha256 })).engine).toContain("onnxruntime");
    });
  });

  it.each(["witnessPath", "zkeyPath", "vkeyPath"] as const)("is not loaded by the prover: %s", async (file) => {
    await inProcess("prover", async (pipe) => {
      const client = connect(prover, pipe, "PROVER_DIED");
      await expect(client.load({ ...proverFiles, [file]: tampered(proverFiles[file]) })).rejects.toMatchObject({ code: "MODEL_HASH_MISMATCH" });
    });
  });
});
