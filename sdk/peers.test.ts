/** Choosing among listings: price, budget and chance. */
import { providerListing, type ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { modelId } from "@zpu/protocol/ids";
import { tokensToWei } from "@zpu/protocol/money";
import { expect, test } from "vitest";
import { affordable, fromPeer } from "./peers.ts";

const model = modelId.parse(`0x${"aa".repeat(32)}`);
const listing = (byte: string, price: string, proof: "zk" | "none" = "zk", of: string = model): ProviderListing =>
  providerListing.parse({
    provider: `0x${byte.repeat(20)}`,
    peerId: `12D3KooW${"A".repeat(44)}`,
    multiaddrs: [],
    offerings: [{ modelId: of, name: "digits-mlp", priceWei: tokensToWei(price).toString(), proof }],
    binding: {
      binding: {
        provider: `0x${byte.repeat(20)}`,
        operator: `0x${byte.repeat(20)}`,
        peerKey: `0x${"00".repeat(32)}`,
        encryptionKey: `0x${"00".repeat(32)}`,
        expiresAt: 1,
      },
      operatorSignature: "0x",
      peerSignature: "0x",
    },
    connectedAtMs: 0,
  });
const choose = (listings: ProviderListing[], budget: string, random?: () => number): string[] =>
  affordable(listings, model, "digits-mlp", tokensToWei(budget), random).map(({ provider }) => provider.slice(2, 4));

test("cheapest first, within the budget, only proven runs of this model", () => {
  const all = [
    listing("01", "3"),
    listing("02", "2"),
    listing("03", "2.5"),
    listing("04", "9"),
    listing("05", "1", "none"),
    listing("06", "1", "zk", `0x${"bb".repeat(32)}`),
  ];
  expect(choose(all, "3")).toEqual(["02", "03", "01"]);
});

test("equal prices are drawn by lot, so that no provider gets all", () => {
  const all = [listing("01", "2"), listing("02", "2"), listing("03", "2")];
  const lots = [0.9, 0.1, 0.5];
  expect(choose(all, "2", () => lots.shift() ?? 0)).toEqual(["02", "03", "01"]);
});

test("nobody sells it, or nobody within the budget", () => {
  expect(() => choose([], "5")).toThrow(expect.objectContaining({ code: "NO_PROVIDER" }) as Error);
  expect(() => choose([listing("05", "1", "none")], "5")).toThrow(expect.objectContaining({ code: "NO_PROVIDER" }) as Error);
  expect(() => choose([listing("01", "3"), listing("02", "2.25")], "1")).toThrow(
    expect.objectContaining({ code: "BUDGET_TOO_LOW", facts: { budget: "1", price: "2.25" } }) as Error,
  );
});

test("a run for nothing is not for sale", () => {
  expect(choose([listing("01", "0"), listing("02", "2")], "3")).toEqual(["02"]);
  expect(() => choose([listing("01", "0")], "3")).toThrow(expect.objectContaining({ code: "NO_PROVIDER" }) as Error);
});

test("what a peer says about an escrow is left out, the rest of its reason stays", () => {
  const said = fromPeer(new ZpuError("PROVIDER_BUSY", { open: 3, mayBePosted: true }));
  expect(said).toMatchObject({ code: "PROVIDER_BUSY" });
  expect(said.facts).toEqual({ open: 3 });
});
