/** The typed client of a contract over a pipe; a closed pipe rejects what is open with the given code instead of hanging. */
import { ZpuError, type ErrorCode } from "@zpu/protocol/errors";
import { isCall, isSlice, response, type Call, type Client, type Contract, type Slice, type Source } from "./contract.ts";
import type { Pipe } from "./pipe.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: ZpuError): void;
  leaf: Call;
}

/** What a client may be told besides the answers to its calls. */
export interface ConnectOptions {
  /**
   * The watch on the slice at `path` went wrong: the other side refused it by code, or a state did not fit the contract
   * (MALFORMED_MESSAGE). That state is dropped; states that follow still arrive. Without `onError` nobody reads these errors.
   */
  readonly onError?: (error: ZpuError, path: string) => void;
}

/** Connects to a server of `contract` on `pipe`. Calls that are open when the pipe closes reject with `closedCode`. */
export function connect<C extends Contract>(
  contract: C,
  pipe: Pipe,
  closedCode: ErrorCode = "NOT_RUNNING",
  { onError }: ConnectOptions = {},
): Client<C> {
  let nextId = 1;
  let closed = false;
  const pending = new Map<number, Pending>();
  const watching = new Map<number, { path: string; leaf: Slice; listener: (value: unknown) => void }>();

  pipe.onMessage((message) => {
    const parsed = response.safeParse(message);
    if (!parsed.success) return;
    const { id } = parsed.data;
    const watched = watching.get(id);
    if (parsed.data.t === "state") {
      if (!watched) return;
      const state = watched.leaf.schema.safeParse(parsed.data.value);
      if (state.success) watched.listener(state.data);
      else onError?.(new ZpuError("MALFORMED_MESSAGE", { detail: "state does not fit the contract" }), watched.path);
      return;
    }
    if (watched) {
      if (parsed.data.t === "error") onError?.(ZpuError.from(parsed.data.error), watched.path);
      return;
    }
    const open = pending.get(id);
    if (!open) return;
    pending.delete(id);
    if (parsed.data.t === "error") open.reject(ZpuError.from(parsed.data.error));
    else {
      const output = open.leaf.output.safeParse(parsed.data.output);
      if (output.success) open.resolve(output.data);
      else open.reject(new ZpuError("MALFORMED_MESSAGE", { detail: "answer does not fit the contract" }));
    }
  });
  pipe.onClose(() => {
    closed = true;
    for (const open of pending.values()) open.reject(new ZpuError(closedCode));
    pending.clear();
    watching.clear();
  });

  const ask = (path: string, leaf: Call) => (input: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      if (closed) {
        reject(new ZpuError(closedCode));
        return;
      }
      const id = nextId++;
      pending.set(id, { resolve, reject, leaf });
      pipe.post({ t: "call", id, path, input });
    });
  const watch =
    (path: string, leaf: Slice): Source<unknown> =>
    (listener) => {
      const id = nextId++;
      watching.set(id, { path, leaf, listener });
      pipe.post({ t: "watch", id, path });
      return () => {
        watching.delete(id);
        if (!closed) pipe.post({ t: "unwatch", id });
      };
    };
  const build = (node: Contract, prefix: string): Record<string, unknown> => {
    const client: Record<string, unknown> = {};
    for (const [name, leaf] of Object.entries(node)) {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      if (isCall(leaf)) client[name] = ask(path, leaf);
      else if (isSlice(leaf)) client[name] = watch(path, leaf);
      else client[name] = build(leaf, path);
    }
    return client;
  };
  return build(contract, "") as Client<C>;
}
