/** Money is bigint wei (10^-18 token); text forms exist only at the border to people. */
import { z } from "zod";

/** Ticker of the payment and staking token. */
export const TOKEN_SYMBOL = "NZIDIA";
/** Decimals of the token (ERC-20 `decimals()`). */
export const TOKEN_DECIMALS = 18;
const WEI_PER_TOKEN = 10n ** BigInt(TOKEN_DECIMALS);
const MAX_UINT256 = 2n ** 256n - 1n;

/** An amount in wei, 0 to 2^256 - 1. */
export const wei = z.bigint().min(0n).max(MAX_UINT256);

/** Wei of `amount` whole tokens given as a number or decimal text ("2500", "0.25", "1000NZIDIA"); throws RangeError otherwise. */
export function tokensToWei(amount: number | string): bigint {
  const text = (typeof amount === "number" ? String(amount) : amount).trim().replace(new RegExp(`\\s*${TOKEN_SYMBOL}$`, "i"), "");
  const match = /^(\d{1,58})(?:\.(\d{1,18}))?$/.exec(text);
  if (!match)
    throw new RangeError(
      `'${String(amount)}' is not an amount of ${TOKEN_SYMBOL}: write it as 1000 or 0.25, with at most ${TOKEN_DECIMALS} decimals`,
    );
  return BigInt(match[1] ?? "0") * WEI_PER_TOKEN + BigInt((match[2] ?? "").padEnd(TOKEN_DECIMALS, "0"));
}

/** `amountWei` as tokens in decimal text, trailing zeros dropped, at most `decimals` digits after the point (cut, never rounded up). */
export function weiToTokens(amountWei: bigint, decimals: number = TOKEN_DECIMALS): string {
  const sign = amountWei < 0n ? "-" : "";
  const absolute = amountWei < 0n ? -amountWei : amountWei;
  const fraction = (absolute % WEI_PER_TOKEN).toString().padStart(TOKEN_DECIMALS, "0").slice(0, decimals).replace(/0+$/, "");
  return `${sign}${(absolute / WEI_PER_TOKEN).toString()}${fraction === "" ? "" : `.${fraction}`}`;
}
