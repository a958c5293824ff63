/** The one door to onnxruntime: a model file, checked against its digest, run on the CPU with one thread so that the same bits come out every time. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { createRequire } from "node:module";
import { ZpuError } from "@zpu/protocol/errors";
import * as ort from "onnxruntime-node";

/** A loaded model. */
export interface Model {
  /** Engine and version, as receipts name it. */
  readonly engine: string;
  /** uint8 [1, 784] to int32 [1, 10]; `ms` is the time of the run alone. */
  run(pixels: Uint8Array): Promise<{ output: number[]; ms: number }>;
}

const INPUT_BYTES = 784;

function engineName(): string {
  const manifest: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
  return `onnxruntime-node@${version}/cpu`;
}

/** Loads the ONNX file at `path`; MODEL_HASH_MISMATCH where its SHA-256 is another. The bytes that were checked are the ones that run. */
export async function loadModel(path: string, sha256: string): Promise<Model> {
  const bytes = await readFile(path);
  const actual = `0x${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual !== sha256) throw new ZpuError("MODEL_HASH_MISMATCH", { model: path, actual });
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "extended",
    executionMode: "sequential",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" }, x64quantprecision: "1" } },
  });
  const [inputName] = session.inputNames;
  const [outputName] = session.outputNames;
  if (inputName === undefined || outputName === undefined) throw new ZpuError("INTERNAL", { detail: "the model has no input or no output" });
  return {
    engine: engineName(),
    async run(pixels) {
      if (pixels.length !== INPUT_BYTES) throw new ZpuError("INPUT_INVALID", { detail: `${pixels.length} bytes instead of ${INPUT_BYTES}` });
      const startedMs = performance.now();
      const results = await session.run({ [inputName]: new ort.Tensor("uint8", Uint8Array.from(pixels), [1, INPUT_BYTES]) });
      const ms = performance.now() - startedMs;
      const output = results[outputName];
      if (!output || !(output.data instanceof Int32Array)) throw new ZpuError("INTERNAL", { detail: "the model's output is not int32" });
      return { output: Array.from(output.data), ms };
    },
  };
}
