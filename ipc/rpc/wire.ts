/** Text form of pipe values for fittings that carry text only (WebSocket, local socket): JSON with bigint and bytes tagged. */
import { fromHex, toHex } from "@zpu/protocol/ids";

/** JSON text of `value`; bigint becomes {"$n":"123"} and Uint8Array (a Buffer too) {"$b":"0x.."}; a plain object may not use those two keys. */
export function encodeText(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    const raw = this[key]; // as it is in the value: `item` has been through toJSON, which takes a Buffer apart
    if (raw instanceof Uint8Array) return { $b: toHex(raw) };
    if (typeof item === "bigint") return { $n: item.toString() };
    return item;
  });
}

/** The value of text made by `encodeText`; throws SyntaxError on anything else. */
export function decodeText(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null) return item;
    if ("$n" in item) {
      if (typeof item.$n !== "string" || !/^-?\d{1,100}$/.test(item.$n)) throw new SyntaxError("bad integer");
      return BigInt(item.$n);
    }
    if ("$b" in item) {
      if (typeof item.$b !== "string" || !/^0x(?:[0-9a-f]{2})*$/.test(item.$b)) throw new SyntaxError("bad bytes");
      return fromHex(item.$b);
    }
    return item;
  });
}
