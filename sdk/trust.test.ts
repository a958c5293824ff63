/** Which network a key may sign for: what the caller pinned, and the devnet alone without it. */
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { discoveryDocument, type DiscoveryDocument } from "@zpu/protocol/discovery";
import { expect, test } from "vitest";
import { trustedDocument, type TrustedNetwork } from "./trust.ts";

const at = (byte: string): string => `0x${byte.repeat(20)}`;
const contracts = { token: at("a1"), registry: at("a2"), jobs: at("a3"), verifier: at("a4"), treasury: at("a5") };
const document = (chainId: number, devnet = false): DiscoveryDocument =>
  discoveryDocument.parse({ chainId, rpcUrl: "http://rpc.example", contracts, multiaddrs: [], devnet });
const devnet = document(Number(DEVNET_CHAIN_ID), true);
const refusal = (of: DiscoveryDocument, network?: TrustedNetwork): unknown => {
  try {
    return trustedDocument(of, network);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("the devnet needs no pin, and every other chain needs chain id and contracts, whatever the document calls itself", () => {
  expect(refusal(devnet)).toBe(devnet);
  expect(refusal(document(1))).toBe("CONFIG_INVALID");
  expect(refusal(document(1, true))).toBe("CONFIG_INVALID");
  expect(refusal(document(1), { chainId: 1 })).toBe("CONFIG_INVALID");
  expect(refusal(document(1), { chainId: 1n, contracts })).toEqual(document(1));
});

test("a document of another chain or with another contract is refused", () => {
  expect(refusal(devnet, { chainId: 1, contracts })).toBe("CHAIN_MISMATCH");
  expect(refusal(document(1), { chainId: DEVNET_CHAIN_ID })).toBe("CHAIN_MISMATCH");
  for (const name of Object.keys(contracts)) {
    expect(refusal(document(1), { chainId: 1, contracts: { ...contracts, [name]: at("bb") } })).toBe("CHAIN_MISMATCH");
    expect(refusal(devnet, { chainId: DEVNET_CHAIN_ID, contracts: { ...contracts, [name]: at("bb") } })).toBe("CHAIN_MISMATCH");
  }
});

test("addresses are compared without regard to case, an own endpoint replaces the document's, settings that are none are refused", () => {
  const upper = Object.fromEntries(Object.entries(contracts).map(([name, text]) => [name, `0x${text.slice(2).toUpperCase()}`])) as typeof contracts;
  expect(refusal(document(1), { chainId: 1, contracts: upper, rpcUrl: "https://mine.example" })).toMatchObject({ rpcUrl: "https://mine.example" });
  expect(refusal(devnet, { chainId: 0 })).toBe("CONFIG_INVALID");
  expect(refusal(devnet, { chainId: DEVNET_CHAIN_ID, rpcUrl: "file:///etc/passwd" })).toBe("CONFIG_INVALID");
  expect(refusal(document(1), { chainId: 1, contracts: { ...contracts, jobs: "0x12" } })).toBe("CONFIG_INVALID");
});
