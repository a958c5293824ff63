import { ZpuError, type ErrorCode } from "@zpu/protocol/errors";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { connect } from "./connect.ts";
import { call, slice, type Source } from "./contract.ts";
import { pipePair } from "./pipe.ts";
import { serve } from "./serve.ts";
import { decodeText, encodeText } from "./wire.ts";

const contract = {
  stake: { deposit: call(z.object({ wei: z.bigint().positive() }), z.object({ total: z.bigint() })), position: slice(z.object({ wei: z.bigint() })) },
  fail: call(z.object({}), z.object({})),
};

function setup(badOutput = false) {
  const [ours, theirs] = pipePair(structuredClone);
  let total = 0n;
  const listeners = new Set<(value: { wei: bigint }) => void>();
  const position: Source<{ wei: bigint }> = (listener) => {
    listeners.add(listener);
    listener({ wei: total });
    return () => listeners.delete(listener);
  };
  serve(
    contract,
    {
      stake: {
        deposit: ({ wei }) => {
          total += wei;
          for (const listener of listeners) listener({ wei: total });
          return badOutput ? ({ total: "no" } as unknown as { total: bigint }) : { total };
        },
        position,
      },
      fail: () => {
        throw new ZpuError("DISK_FULL", { path: "/x" });
      },
    },
    theirs,
  );
  return { client: connect(contract, ours), pipe: ours, listeners };
}

test("a call is answered, a slice sends the current state and then every change", async () => {
  const { client, listeners } = setup();
  const seen: bigint[] = [];
  const stop = client.stake.position((state) => seen.push(state.wei));
  expect(await client.stake.deposit({ wei: 5n })).toEqual({ total: 5n });
  expect(await client.stake.deposit({ wei: 7n })).toEqual({ total: 12n });
  await vi.waitFor(() => expect(seen).toEqual([0n, 5n, 12n]));
  stop();
  await vi.waitFor(() => expect(listeners.size).toBe(0));
});

test("only code and facts of an error cross", async () => {
  const { client } = setup();
  await expect(client.fail({})).rejects.toMatchObject({ code: "DISK_FULL", facts: { path: "/x" } });
  await expect(client.stake.deposit({ wei: -1n })).rejects.toMatchObject({ code: "MALFORMED_MESSAGE" });
});

test("an output that breaks the contract is an error, not a value", async () => {
  await expect(setup(true).client.stake.deposit({ wei: 1n })).rejects.toBeInstanceOf(ZpuError);
});

test("what is open when the pipe closes is rejected", async () => {
  const [ours] = pipePair();
  const client = connect(contract, ours);
  const open = client.fail({});
  ours.close();
  await expect(open).rejects.toMatchObject({ code: "NOT_RUNNING" });
  await expect(client.fail({})).rejects.toMatchObject({ code: "NOT_RUNNING" });
});

test("nonsense on the pipe gets a code and harms nothing", async () => {
  const { pipe } = setup();
  const answers: unknown[] = [];
  pipe.onMessage((message) => answers.push(message));
  const nonsense: unknown[] = [null, 1, "x", {}, { t: "call" }, { t: "call", id: 1, path: "__proto__.toString", input: {} }, { t: "watch", id: 2, path: "stake.deposit" },
    { t: "call", id: 3, path: "stake.position", input: {} }, { t: "call", id: 4, path: "stake", input: {} }, { t: "call", id: -1, path: "fail", input: {} }, []]; // prettier-ignore
  for (const item of nonsense) pipe.post(item);
  await vi.waitFor(() => expect(answers).toHaveLength(nonsense.length));
  for (const answer of answers) expect(answer).toMatchObject({ t: "error", error: { code: "MALFORMED_MESSAGE" } });
});

test("a pushed state that breaks the contract is told and dropped, and the next one arrives", async () => {
  const [ours, theirs] = pipePair(structuredClone);
  const told: [ErrorCode, string][] = [];
  const client = connect(contract, ours, "NOT_RUNNING", { onError: (error, path) => told.push([error.code, path]) });
  theirs.onMessage(() => {
    theirs.post({ t: "state", id: 1, value: { wei: "five" } });
    theirs.post({ t: "state", id: 1, value: { wei: 5n } });
  });
  const seen: bigint[] = [];
  client.stake.position(({ wei }) => seen.push(wei));
  await vi.waitFor(() => expect(seen).toEqual([5n]));
  expect(told).toEqual([["MALFORMED_MESSAGE", "stake.position"]]);
});

test("a watch that the other side refuses is told by its code", async () => {
  const [ours, theirs] = pipePair(structuredClone);
  const told: [ErrorCode, string][] = [];
  const client = connect(contract, ours, "NOT_RUNNING", { onError: (error, path) => told.push([error.code, path]) });
  serve({ fail: contract.fail }, { fail: () => ({}) }, theirs);
  client.stake.position(() => expect.unreachable());
  await vi.waitFor(() => expect(told).toEqual([["MALFORMED_MESSAGE", "stake.position"]]));
});

test("a source that offers a state against the contract is not interrupted, and its watcher is told", async () => {
  const [ours, theirs] = pipePair(structuredClone);
  const codes: ErrorCode[] = [];
  let push: (value: { wei: bigint }) => void = () => undefined;
  let stopped = 0;
  serve(
    { position: contract.stake.position },
    { position: (listener) => { push = listener; listener({ wei: "no" } as unknown as { wei: bigint }); return () => { stopped += 1; }; } }, // prettier-ignore
    theirs,
  );
  const client = connect({ position: contract.stake.position }, ours, "NOT_RUNNING", { onError: (error) => codes.push(error.code) });
  const seen: bigint[] = [];
  const stop = client.position(({ wei }) => seen.push(wei));
  await vi.waitFor(() => expect(codes).toEqual(["MALFORMED_MESSAGE"]));
  push({ wei: 8n });
  await vi.waitFor(() => expect(seen).toEqual([8n]));
  stop();
  await vi.waitFor(() => expect(stopped).toBe(1));
});

test("bytes of a Buffer travel as bytes", () => {
  const bytes = Buffer.from([1, 2, 255]);
  expect(decodeText(encodeText({ bytes, list: [bytes] }))).toEqual({ bytes: Uint8Array.of(1, 2, 255), list: [Uint8Array.of(1, 2, 255)] });
  expect(decodeText(encodeText(bytes))).toEqual(Uint8Array.of(1, 2, 255));
});

test.each(['{"$b":"0x1"}', '{"$b":"zz"}', '{"$b":""}', '{"$b":7}', '{"$n":7}', '{"x":[{"$b":null}]}'])("text %s is a syntax error", (text) => {
  expect(() => decodeText(text)).toThrow(SyntaxError);
});

test("text fittings carry bigint and bytes exactly", () => {
  const value = { n: -(2n ** 200n), b: Uint8Array.of(0, 255), list: [1, "x", null, true, 3n] };
  expect(decodeText(encodeText(value))).toEqual(value);
  expect(() => decodeText('{"$n":"1e9"}')).toThrow(SyntaxError);
  expect(() => decodeText("{")).toThrow(SyntaxError);
});
