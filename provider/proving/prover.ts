/** The body of the prover process: proves, and lets no proof out that it has not verified itself. No keys, no sockets. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { prover } from "@zpu/ipc/workers/prover";
import { ZpuError } from "@zpu/protocol/errors";
import { loadProver, type Prover } from "./groth16.ts";

/** Serves the prover's contract on `pipe`; proofs are made one after the other. */
export function serveProver(pipe: Pipe): () => void {
  let loaded: Prover | undefined;
  let before: Promise<unknown> = Promise.resolve();
  return serve(
    prover,
    {
      async load(files) {
        loaded = await loadProver(files);
        return {};
      },
      prove(input) {
        const ready = loaded;
        if (!ready) throw new ZpuError("INTERNAL", { detail: "no proving key is loaded" });
        const proof = before.then(() => ready.prove(input));
        before = proof.catch(() => undefined);
        return proof;
      },
    },
    pipe,
  );
}
