/** One declaration per call: what may be asked (`call`) and what may be watched (`slice`); `serve` and `connect` follow from it. */
import { errorRecord } from "@zpu/protocol/errors";
import { z } from "zod";

export interface Call<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: "call";
  readonly input: I;
  readonly output: O;
}
export interface Slice<S extends z.ZodType = z.ZodType> {
  readonly kind: "slice";
  readonly schema: S;
}
/** A tree of calls and slices. */
export interface Contract {
  readonly [name: string]: Call | Slice | Contract;
}

/** Something to ask: parsed on the way in and on the way out. */
export const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Call<I, O> => ({ kind: "call", input, output });
/** Something to watch: the current state at once, then every change. */
export const slice = <S extends z.ZodType>(schema: S): Slice<S> => ({ kind: "slice", schema });

export const isCall = (node: Call | Slice | Contract): node is Call => "kind" in node && node.kind === "call";
export const isSlice = (node: Call | Slice | Contract): node is Slice => "kind" in node && node.kind === "slice";

/** The leaves of a contract by dotted path. */
export function leaves(contract: Contract, prefix = ""): Map<string, Call | Slice> {
  const found = new Map<string, Call | Slice>();
  for (const [name, node] of Object.entries(contract)) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (isCall(node) || isSlice(node)) found.set(path, node);
    else for (const [inner, leaf] of leaves(node, path)) found.set(inner, leaf);
  }
  return found;
}

/** What a server must provide for a contract. */
export type Handlers<C extends Contract> = {
  [K in keyof C]: C[K] extends Call<infer I, infer O>
    ? (input: z.output<I>) => Promise<z.input<O>> | z.input<O>
    : C[K] extends Slice<infer S>
      ? Source<z.input<S>>
      : C[K] extends Contract
        ? Handlers<C[K]>
        : never;
};

/** A state that can be watched: calls back with the current value at once and with every later one, until the returned function is called. */
export type Source<T> = (listener: (value: T) => void) => () => void;

/** What a client gets from a contract. */
export type Client<C extends Contract> = {
  [K in keyof C]: C[K] extends Call<infer I, infer O>
    ? (input: z.input<I>) => Promise<z.output<O>>
    : C[K] extends Slice<infer S>
      ? Source<z.output<S>>
      : C[K] extends Contract
        ? Client<C[K]>
        : never;
};

/** Messages on the pipe. Ids count up per client. */
export const request = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("call"), id: z.number().int().nonnegative(), path: z.string().max(80), input: z.unknown() }),
  z.strictObject({ t: z.literal("watch"), id: z.number().int().nonnegative(), path: z.string().max(80) }),
  z.strictObject({ t: z.literal("unwatch"), id: z.number().int().nonnegative() }),
]);
export const response = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("ok"), id: z.number().int().nonnegative(), output: z.unknown() }),
  z.strictObject({ t: z.literal("error"), id: z.number().int().nonnegative(), error: errorRecord }),
  z.strictObject({ t: z.literal("state"), id: z.number().int().nonnegative(), value: z.unknown() }),
]);
