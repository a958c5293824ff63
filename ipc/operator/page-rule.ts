/** What a page may ask of the node: the operator's contract but for what needs the terminal. One rule for browser and window. */
import { ZpuError } from "@zpu/protocol/errors";
import { leaves, request, type Handlers } from "../rpc/contract.ts";
import { operator, type Operator } from "./contract.ts";

/** Paths that a page may not ask, with the command that does it in the terminal. */
export const TERMINAL_ONLY: Readonly<Record<string, string>> = { "node.stop": "zpu-node stop" };

/** `handlers` for a page: what needs the terminal answers CONFIRM_IN_TERMINAL. */
export const forPage = (handlers: Handlers<Operator>): Handlers<Operator> => ({
  ...handlers,
  node: {
    ...handlers.node,
    stop: () => {
      throw refusal("node.stop");
    },
  },
});

const refusal = (path: string): ZpuError => new ZpuError("CONFIRM_IN_TERMINAL", { command: TERMINAL_ONLY[path] ?? "zpu-node" });
const ASKABLE = leaves(operator);

/** A page's message as it may be passed on to a node's own socket, or the answer that it gets instead. */
export function screenForPage(message: unknown): { pass: unknown } | { answer: unknown } {
  const parsed = request.safeParse(message);
  const refuse = (id: number, error: ZpuError): { answer: unknown } => ({ answer: { t: "error", id, error: error.toRecord() } });
  if (!parsed.success) return refuse(0, new ZpuError("MALFORMED_MESSAGE", { detail: "not a request" }));
  const asked = parsed.data;
  if (asked.t === "unwatch") return { pass: asked };
  if (Object.hasOwn(TERMINAL_ONLY, asked.path)) return refuse(asked.id, refusal(asked.path));
  if (!ASKABLE.has(asked.path)) return refuse(asked.id, new ZpuError("MALFORMED_MESSAGE", { detail: `no ${asked.t} named ${asked.path}` }));
  return { pass: asked };
}
