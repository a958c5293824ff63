/** Poseidon against circomlib's published vectors, and what a commitment must and must not depend on. */
import { describe, expect, it } from "vitest";
import { commitInput, commitOutput, randomSalt } from "./commitment.ts";
import { BN254_ORDER } from "./field.ts";
import { poseidon } from "./poseidon.ts";

const PIXELS = Uint8Array.from({ length: 784 }, (_, index) => (index * 7) % 256);
const LOGITS = [-(2 ** 31), 2 ** 31 - 1, 0, -1, 1, 5, -70_000, 123_456, 9, 10];

describe("poseidon", () => {
  it("equals circomlib's vector; 14 and 15 inputs are compared with its constants by the circuit's tests", () => {
    expect(poseidon([1n, 2n, 3n, 4n])).toBe(18821383157269793795438455681495246036402687001665670618754263018637548127333n);
  });

  it("refuses what it would reduce in silence, and counts that nothing uses", () => {
    expect(() => poseidon([1n, 2n, 3n, BN254_ORDER])).toThrow(RangeError);
    expect(() => poseidon([1n, 2n, 3n, -1n])).toThrow(RangeError);
    expect(() => poseidon([])).toThrow(RangeError);
    expect(() => poseidon([1n, 2n])).toThrow(RangeError);
  });
});

describe("commitments", () => {
  it("change with every byte, every value and the salt", () => {
    const seen = new Set([commitInput(PIXELS, 1n), commitInput(PIXELS, 2n)]);
    for (const at of [0, 30, 31, 402, 403, 774, 783]) seen.add(commitInput(PIXELS.with(at, (PIXELS[at]! + 1) % 256), 1n));
    expect(seen.size).toBe(9);
    const outputs = new Set([commitOutput(LOGITS, 1n), commitOutput(LOGITS, 2n)]);
    for (let at = 0; at < 10; at += 1) outputs.add(commitOutput(LOGITS.with(at, LOGITS[at] === 0 ? 1 : 0), 1n));
    expect(outputs.size).toBe(12);
  });

  it("do not confuse an order of values with another", () => {
    expect(commitOutput([...LOGITS].reverse(), 1n)).not.toBe(commitOutput(LOGITS, 1n));
    expect(commitInput(PIXELS.toReversed(), 1n)).not.toBe(commitInput(PIXELS, 1n));
  });

  it("refuse other lengths, values that are not int32 and salts outside the field", () => {
    expect(() => commitInput(PIXELS.slice(0, 400), 1n)).toThrow(RangeError);
    expect(() => commitInput(new Uint8Array(807), 1n)).toThrow(RangeError);
    expect(() => commitOutput(LOGITS.slice(0, 7), 1n)).toThrow(RangeError);
    expect(() => commitOutput(LOGITS.with(0, 2 ** 31), 1n)).toThrow(RangeError);
    expect(() => commitOutput(LOGITS.with(0, 0.5), 1n)).toThrow(RangeError);
    expect(() => commitInput(PIXELS, BN254_ORDER)).toThrow(RangeError);
    expect(() => commitOutput(LOGITS, -1n)).toThrow(RangeError);
  });

  it("salts are below r, use all their bytes, and need a generator that gives what it is asked for", () => {
    expect(randomSalt((count) => new Uint8Array(count).fill(255))).toBe((2n ** 384n - 1n) % BN254_ORDER);
    expect(randomSalt((count) => Uint8Array.from({ length: count }, (_, index) => (index === 0 ? 1 : 0)))).toBe(2n ** 376n % BN254_ORDER);
    expect(() => randomSalt(() => new Uint8Array(8))).toThrow(RangeError);
  });
});
