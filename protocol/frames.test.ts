import { encode } from "cborg";
import { expect, test } from "vitest";
import { z } from "zod";
import { ZpuError } from "./errors.ts";
import { decodeBody, encodeBody, encodeFrame, FrameDecoder } from "./frames.ts";
import { hello, jobReply, jobRequest, receiptMessage } from "./messages.ts";

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return error instanceof ZpuError ? error.code : String(error);
  }
  return "none";
};
/** Repeatable pseudo-random bytes (xorshift32), so that a failure names its seed. */
const random = (seed: number) => () => {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
};
const greeting = { version: 1, role: "requestor" as const, chainId: 5_918_805n, offerings: [], multiaddrs: ["/ip4/127.0.0.1/tcp/1"] };

test("a frame comes back whole however the stream is cut", () => {
  const frame = encodeFrame(greeting, 4096);
  for (let cut = 1; cut < frame.length; cut += 1) {
    const decoder = new FrameDecoder(4096);
    const bodies = [...decoder.push(frame.subarray(0, cut)), ...decoder.push(frame.subarray(cut))];
    expect(bodies).toHaveLength(1);
    expect(decodeBody(bodies[0]!, hello)).toEqual(greeting);
    expect(decoder.idle).toBe(true);
  }
});

test("many frames in one chunk, and a cut stream is noticed", () => {
  const frame = encodeFrame(greeting, 4096);
  const stream = new Uint8Array(frame.length * 3 - 1);
  stream.set(frame, 0);
  stream.set(frame, frame.length);
  stream.set(frame.subarray(0, -1), frame.length * 2);
  const decoder = new FrameDecoder(4096);
  expect([...decoder.push(stream)]).toHaveLength(2);
  expect(decoder.idle).toBe(false);
});

test("an oversized frame is refused at its header, before its body is allocated", () => {
  const header = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  expect(codeOf(() => [...new FrameDecoder(4096).push(header)])).toBe("MESSAGE_TOO_LARGE");
  expect(codeOf(() => [...new FrameDecoder(4096).push(Uint8Array.of(0, 0, 0, 0))])).toBe("MALFORMED_MESSAGE");
  expect(codeOf(() => encodeFrame({ text: "x".repeat(5000) }, 4096))).toBe("MESSAGE_TOO_LARGE");
});

test("integers of 256 bits travel exactly, and only in canonical form", () => {
  const schema = z.object({ n: z.bigint() });
  for (const n of [0n, 1n, 255n, 256n, 2n ** 64n, 2n ** 256n - 1n]) expect(decodeBody(encodeBody({ n }), schema)).toEqual({ n });
  expect(() => encodeBody({ n: -1n })).toThrow(RangeError);
  expect(() => encodeBody({ n: 2n ** 256n })).toThrow(RangeError);
  const leadingZero = Uint8Array.of(0xa1, 0x61, 0x6e, 0xc2, 0x42, 0x00, 0x01);
  expect(codeOf(() => decodeBody(leadingZero, schema))).toBe("MALFORMED_MESSAGE");
});

test("unknown types, missing fields, duplicate keys and deep nesting are refused by code", () => {
  expect(codeOf(() => decodeBody(encode({ type: "nonsense" }), jobRequest))).toBe("MALFORMED_MESSAGE");
  expect(codeOf(() => decodeBody(encode({ ...greeting, chainId: 1 }), hello))).toBe("MALFORMED_MESSAGE");
  expect(codeOf(() => decodeBody(Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2), z.object({ a: z.number() })))).toBe("MALFORMED_MESSAGE");
  expect(codeOf(() => decodeBody(new Uint8Array(60_000).fill(0x81), z.unknown()))).toBe("MALFORMED_MESSAGE");
});

test("random and mutated messages never do more than throw a code", () => {
  const count = process.env.ZPU_SOAK ? 100_000 : 5_000;
  const seed = Date.now() >>> 0 || 1;
  const next = random(seed);
  const valid = encodeBody(greeting);
  for (let at = 0; at < count; at += 1) {
    const bytes = at % 2 === 0 ? Uint8Array.from(valid) : new Uint8Array(Math.floor(next() * 300));
    if (at % 2 === 0) for (let flips = 0; flips < 3; flips += 1) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
    else for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(next() * 256);
    for (const schema of [hello, jobRequest, jobReply, receiptMessage]) {
      const code = codeOf(() => decodeBody(bytes, schema));
      if (code !== "none" && code !== "MALFORMED_MESSAGE") throw new Error(`seed ${seed}, message ${at}: ${code}`);
    }
  }
});
