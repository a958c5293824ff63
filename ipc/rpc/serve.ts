/** Answers a contract on a pipe: every input and every output is parsed, an unknown or malformed request gets a code, never a crash. */
import { ZpuError } from "@zpu/protocol/errors";
import { leaves, request, type Call, type Contract, type Handlers, type Slice, type Source } from "./contract.ts";
import type { Pipe } from "./pipe.ts";

const MAX_WATCHES = 64;

type AnyHandler = ((input: unknown) => unknown) | Source<unknown>;

function handlerAt(handlers: object, path: string): AnyHandler {
  let node: unknown = handlers;
  for (const part of path.split(".")) node = (node as Record<string, unknown>)[part];
  return node as AnyHandler;
}

/** Serves `contract` on `pipe` until the pipe closes. Returns a function that stops all watches. */
export function serve<C extends Contract>(contract: C, handlers: Handlers<C>, pipe: Pipe): () => void {
  const table = leaves(contract);
  const watches = new Map<number, () => void>();
  const stop = (): void => {
    for (const unwatch of watches.values()) unwatch();
    watches.clear();
  };
  const answerError = (id: number, error: unknown): void => {
    pipe.post({ t: "error", id, error: ZpuError.wrap(error).toRecord() });
  };
  const answerCall = async (id: number, leaf: Call, path: string, input: unknown): Promise<void> => {
    const parsed = leaf.input.safeParse(input);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new ZpuError("MALFORMED_MESSAGE", { detail: `${path} ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`.slice(0, 160) });
    }
    const output: unknown = await (handlerAt(handlers, path) as (input: unknown) => unknown)(parsed.data);
    pipe.post({ t: "ok", id, output: leaf.output.parse(output) });
  };
  const startWatch = (id: number, leaf: Slice, path: string): void => {
    if (watches.size >= MAX_WATCHES || watches.has(id)) throw new ZpuError("RATE_LIMITED", { retryMs: 1000 });
    const unwatch = (handlerAt(handlers, path) as Source<unknown>)((value) => {
      const state = leaf.schema.safeParse(value);
      if (state.success) pipe.post({ t: "state", id, value: state.data });
      else answerError(id, new ZpuError("MALFORMED_MESSAGE", { detail: `${path}: state does not fit the contract` }));
    });
    watches.set(id, unwatch);
  };
  pipe.onMessage((message) => {
    const parsed = request.safeParse(message);
    if (!parsed.success) {
      const id = typeof message === "object" && message !== null && "id" in message && typeof message.id === "number" ? message.id : 0;
      answerError(id >= 0 && Number.isInteger(id) ? id : 0, new ZpuError("MALFORMED_MESSAGE", { detail: "not a request" }));
      return;
    }
    const asked = parsed.data;
    try {
      if (asked.t === "unwatch") {
        watches.get(asked.id)?.();
        watches.delete(asked.id);
        return;
      }
      const leaf = table.get(asked.path);
      if (leaf === undefined || (asked.t === "call") !== (leaf.kind === "call")) {
        throw new ZpuError("MALFORMED_MESSAGE", { detail: `no ${asked.t} named ${asked.path}` });
      }
      if (asked.t === "call") answerCall(asked.id, leaf as Call, asked.path, asked.input).catch((error: unknown) => answerError(asked.id, error));
      else startWatch(asked.id, leaf as Slice, asked.path);
    } catch (error) {
      answerError(asked.id, error);
    }
  });
  pipe.onClose(stop);
  return stop;
}
