/** Text form of pipe values for fittings that carry text only (WebSocket, local socket): JSON with bigint and bytes tagged. */
import { fromHex, toHex } from "@zpu/protocol/ids";

/** JSON text of `value`; bigint becomes {"$n":"123"} and Uint8Array {"$b":"0x.."}; a plain object may not use those two keys. */
export function encodeText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return { $n: item.toString() };
    if (item instanceof Uint8Array) return { $b: toHex(item) };
    return item;
  });
}

/** The value of text made by `encodeText`; throws SyntaxError on anything else. */
export function decodeText(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null) return item;
    if ("$n" in item && typeof item.$n === "string") {
      if (!/^-?\d{1,100}$/.test(item.$n)) throw new SyntaxError("bad integer");
      return BigInt(item.$n);
    }
    if ("$b" in item && typeof item.$b === "string") return fromHex(item.$b);
    return item;
  });
}
