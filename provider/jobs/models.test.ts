/** A model whose files are not what they should be is never offered. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createModelWorkers } from "./model-workers.ts";
import { checkFiles, digitsModel } from "./models.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-models-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const ports = { spawner: { spawn: () => { throw new Error("nothing is started"); } }, now: Date.now, log: () => undefined }; // prettier-ignore
const limits = { runLimitMs: 1_000, proveLimitMs: 1_000, restAfterMs: 300_000 };
const workersOf = (model: ReturnType<typeof digitsModel>) =>
  createModelWorkers({ ports, changed: () => undefined }, [model], limits, () => undefined);

describe("models", () => {
  it("offers the committed model", () => {
    const model = digitsModel();
    expect(checkFiles(model)).toBeUndefined();
    const workers = workersOf(model);
    expect(workers.offered()).toEqual([model]);
    expect(workers.fault()).toBeUndefined();
    expect(workers.views().map(({ name, state }) => `${name} ${state}`)).toEqual(["executor stopped", "prover stopped"]);
  });

  it("does not offer one with a changed or a missing file, and says which", async () => {
    const model = digitsModel();
    const path = join(folder, "digits.onnx");
    copyFileSync(model.onnx.path, path);
    writeFileSync(path, "x", { flag: "a" });
    const workers = workersOf({ ...model, onnx: { path, sha256: model.onnx.sha256 } });
    expect(workers.offered()).toEqual([]);
    expect(workers.fault()).toMatchObject({ code: "MODEL_HASH_MISMATCH", facts: { model: "digits-mlp", path } });
    const missing = { ...model, proverFiles: { ...model.proverFiles, zkeyPath: join(folder, "none.zkey") } };
    expect(checkFiles(missing)).toMatchObject({ code: "MODEL_HASH_MISMATCH", facts: { actual: "missing" } });
    await expect(workers.execute("other", new Uint8Array(784))).rejects.toMatchObject({ code: "UNKNOWN_MODEL" });
  });
});
