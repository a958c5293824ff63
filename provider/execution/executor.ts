/** The body of an executor process: loads one approved model and runs it. No keys, no sockets, no network. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { executor } from "@zpu/ipc/workers/executor";
import { ZpuError } from "@zpu/protocol/errors";
import { loadModel, type Model } from "./onnx.ts";

/** Serves the executor's contract on `pipe`. */
export function serveExecutor(pipe: Pipe): () => void {
  let model: Model | undefined;
  return serve(
    executor,
    {
      async load({ path, sha256 }) {
        model = await loadModel(path, sha256);
        return { engine: model.engine };
      },
      run({ input }) {
        if (!model) throw new ZpuError("INTERNAL", { detail: "no model is loaded" });
        return model.run(input);
      },
    },
    pipe,
  );
}
