/** Values as text for people; pure, so that every rounding is tested. */
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";

/** "0x12345678…9abcdef0": enough to recognise, never enough to confuse with the whole. */
export function shortHex(hex: string, lead = 6, tail = 4): string {
  return hex.length <= lead + tail + 3 ? hex : `${hex.slice(0, 2 + lead)}…${hex.slice(-tail)}`;
}

const group = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");

/** Tokens with thousands separated, cut (never rounded up) to `decimals`: "1,234.5". An amount too small to show reads "< 0.0001". */
export function tokens(amountWei: bigint, decimals = 4): string {
  const text = weiToTokens(amountWei, decimals);
  if (text === "0" && amountWei > 0n) return `< ${weiToTokens(10n ** BigInt(18 - decimals))}`;
  const [whole = "0", fraction] = text.split(".");
  return fraction === undefined ? group(whole) : `${group(whole)}.${fraction}`;
}

/** "1,234.5 NZIDIA". */
export const money = (amountWei: bigint, decimals = 4): string => `${tokens(amountWei, decimals)} ${TOKEN_SYMBOL}`;

/** A whole number with thousands separated. */
export const count = (value: number): string => (value < 0 ? `−${group(String(-value))}` : group(String(value)));

/** A stage's time: "0.4 ms", "87 ms", "1.24 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms < 0.05 ? "0" : ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min ${seconds % 60} s`;
}

/** How long ago, coarsely: "just now", "12 s ago", "3 min ago", "5 h ago", "2 d ago". */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - atMs) / 1000);
  if (seconds < 3) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Local date and time, "2026-03-01 14:05:09". */
export function absolute(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(atMs)}`;
}

/** Local time of day, "14:05:09". */
export function clock(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
