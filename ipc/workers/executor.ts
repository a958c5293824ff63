/** What core asks of an executor process: load an approved model, run it on a tensor. No keys, no sockets. */
import { bytes32 } from "@zpu/protocol/ids";
import { z } from "zod";
import { call } from "../rpc/contract.ts";

export const executor = {
  /** Loads the ONNX file at `path` after checking its SHA-256; MODEL_HASH_MISMATCH otherwise. */
  load: call(z.object({ path: z.string(), sha256: bytes32 }), z.object({ engine: z.string() })),
  /** uint8 input [1, 784] to int32 output [1, 10] of the loaded integer graph. */
  run: call(z.object({ input: z.instanceof(Uint8Array) }), z.object({ output: z.array(z.number().int()), ms: z.number() })),
};
