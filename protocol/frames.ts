/** Frames on a stream: a 4-byte big-endian length, then one CBOR item. Sizes are checked before anything is allocated or decoded. */
import { decode, encode, Token, Type } from "cborg";
import type { TagDecodeControl } from "cborg/interface";
import type { z } from "zod";
import { ZpuError } from "./errors.ts";
import { fromHex, toHex } from "./ids.ts";

/** CBOR tag of an unsigned bignum (RFC 8949, 3.4.3): every bigint travels so, whatever its size, and nothing else does. */
const BIGNUM_TAG = 2;

function encodeBigint(value: bigint): Token[] {
  if (value < 0n || value >> 256n !== 0n) throw new RangeError("only integers from 0 to 2^256 - 1 travel");
  const digits = value === 0n ? "" : value.toString(16);
  return [new Token(Type.tag, BIGNUM_TAG), new Token(Type.bytes, fromHex(`0x${digits.length % 2 === 0 ? "" : "0"}${digits}`))];
}

function decodeBigint(content: TagDecodeControl): bigint {
  const bytes = content();
  if (!(bytes instanceof Uint8Array) || bytes.length > 32 || bytes[0] === 0) throw new RangeError("not a canonical 256-bit integer");
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** `message` as one frame: 4-byte length and CBOR; throws MESSAGE_TOO_LARGE above `maxFrameBytes` (of CBOR). */
export function encodeFrame(message: unknown, maxFrameBytes: number): Uint8Array {
  const body = encodeBody(message);
  if (body.length > maxFrameBytes) throw new ZpuError("MESSAGE_TOO_LARGE", { bytes: body.length, limit: maxFrameBytes });
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
}

/** Deterministic CBOR of a message: undefined fields are left out. */
export function encodeBody(message: unknown): Uint8Array {
  return encode(message, { ignoreUndefinedProperties: true, typeEncoders: { bigint: encodeBigint } });
}

/** The message that CBOR `body` holds; throws MALFORMED_MESSAGE where it is not CBOR or does not fit `schema`. */
export function decodeBody<T extends z.ZodType>(body: Uint8Array, schema: T): z.infer<T> {
  let value: unknown;
  try {
    value = decode(body, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      rejectDuplicateMapKeys: true,
      allowBigInt: false,
      tags: { [BIGNUM_TAG]: decodeBigint },
    });
  } catch (error) {
    throw new ZpuError("MALFORMED_MESSAGE", { detail: `not CBOR (${error instanceof Error ? error.message.slice(0, 80) : "?"})` }, error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ZpuError(
      "MALFORMED_MESSAGE",
      { detail: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "does not fit"}`.slice(0, 160) },
      parsed.error,
    );
  }
  return parsed.data;
}

/** Cuts a byte stream into frame bodies without ever holding more than one frame; a longer one throws MESSAGE_TOO_LARGE at its header. */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #header = new Uint8Array(4);
  #headerFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Feeds a chunk of the stream; yields each body that it completes. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#body) {
        const take = Math.min(4 - this.#headerFilled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + take), this.#headerFilled);
        this.#headerFilled += take;
        at += take;
        if (this.#headerFilled < 4) return;
        const length = new DataView(this.#header.buffer).getUint32(0);
        if (length > this.#maxFrameBytes) throw new ZpuError("MESSAGE_TOO_LARGE", { bytes: length, limit: this.#maxFrameBytes });
        if (length === 0) throw new ZpuError("MALFORMED_MESSAGE", { detail: "empty frame" });
        this.#body = new Uint8Array(length);
        this.#bodyFilled = 0;
        this.#headerFilled = 0;
      }
      const take = Math.min(this.#body.length - this.#bodyFilled, chunk.length - at);
      this.#body.set(chunk.subarray(at, at + take), this.#bodyFilled);
      this.#bodyFilled += take;
      at += take;
      if (this.#bodyFilled === this.#body.length) {
        const body = this.#body;
        this.#body = undefined;
        yield body;
      }
    }
  }

  /** Whether the stream ended between frames; otherwise it was cut in the middle of one. */
  get idle(): boolean {
    return this.#headerFilled === 0 && this.#body === undefined;
  }
}
