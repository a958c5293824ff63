/** A hello that cannot hold costs the chain nothing. */
import { createHash, createPrivateKey, randomBytes, sign } from "node:crypto";
import { identityFromSeed } from "@zpu/network/identity";
import type { NetworkNode } from "@zpu/network/node";
import { address, bytes32, fromHex, toHex, type Address, type PeerId } from "@zpu/protocol/ids";
import type { Hello } from "@zpu/protocol/messages";
import type { NodeBinding } from "@zpu/protocol/receipt";
import type { Chain } from "@zpu/sdk/escrow";
import { beforeEach, expect, test } from "vitest";
import { trackProviders, type LiveProviders } from "./live-providers.ts";

const provider = address.parse(`0x${"11".repeat(20)}`);
const operator = address.parse(`0x${"22".repeat(20)}`);
const stranger = address.parse(`0x${"33".repeat(20)}`);
const seed = randomBytes(32);
const sha = (...parts: string[]): string => createHash("sha256").update(parts.join("|")).digest("hex");
/** Stand-in for EIP-712: a digest keyed by its signer. */
const digestOf = (binding: NodeBinding): string => sha(JSON.stringify(binding));
const signedBy = (who: Address, binding: NodeBinding): string => `${who}${sha(who, digestOf(binding))}`;

let asked = 0;
let registered: { operator: Address; active: boolean };
let listen: (message: Hello, peer: PeerId) => Promise<unknown>;
let peer: PeerId;
let binding: NodeBinding;
let live: LiveProviders;

const hello = (changed: Partial<NodeBinding> = {}, by: Address = operator, peerSeed: Uint8Array = seed): Hello => {
  const said = { ...binding, ...changed };
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), peerSeed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const peerSignature = toHex(sign(null, fromHex(`0x${digestOf(said)}`), key));
  return {
    version: 1,
    role: "provider",
    chainId: 5n,
    offerings: [],
    multiaddrs: [],
    binding: { binding: said, operatorSignature: signedBy(by, said), peerSignature },
  };
};

beforeEach(async () => {
  const identity = await identityFromSeed(seed);
  peer = identity.peerId;
  binding = { provider, operator, peerKey: identity.peerKey, encryptionKey: bytes32.parse(`0x${"44".repeat(32)}`), expiresAt: 2000 };
  asked = 0;
  registered = { operator, active: true };
  const node = {
    onHello(handler: typeof listen) {
      listen = handler;
    },
    onDisconnect: () => undefined,
    peers: () => [peer],
    multiaddrs: () => [],
  };
  const chain = {
    chainId: 5n,
    node() {
      asked += 1;
      return Promise.resolve({ ...registered, peerKey: identity.peerKey });
    },
    bindingTypedData: {
      digest: (said: NodeBinding) => bytes32.parse(`0x${digestOf(said)}`),
      recover(said: NodeBinding, signature: string) {
        const by = address.parse(signature.slice(0, 42));
        if (signature !== signedBy(by, said)) throw new Error("not a signature");
        return by;
      },
    },
  };
  live = trackProviders(node as unknown as NetworkNode, chain as unknown as Chain, () => 1_000_000);
});

test("expiry, peer key and both signatures are checked before the chain is asked", async () => {
  const otherSeed = randomBytes(32);
  const other = await identityFromSeed(otherSeed);
  for (const [said, detail] of [
    [hello({ expiresAt: 1000 }), "it has expired"],
    [hello({ peerKey: other.peerKey }, operator, otherSeed), "it is for another peer than the one connected"],
    [hello({}, stranger), "the operator did not sign it"],
    [hello({}, operator, otherSeed), "the peer did not sign it"],
  ] as const) {
    await expect(Promise.resolve().then(() => listen(said, peer))).rejects.toMatchObject({ code: "BINDING_INVALID", facts: { detail } });
  }
  expect(asked).toBe(0);
  expect(live.list()).toEqual([]);
});

test("what is signed well is still held against the chain", async () => {
  await expect(listen(hello({ operator: stranger }, stranger), peer)).rejects.toMatchObject({ facts: { detail: "its operator is not the one on the chain" } }); // prettier-ignore
  registered = { operator, active: false };
  await expect(listen(hello(), peer)).rejects.toMatchObject({ facts: { detail: "its stake is below the minimum" } });
  registered = { operator, active: true };
  await listen(hello(), peer);
  expect(live.list()).toMatchObject([{ provider, peerId: peer }]);
  expect(asked).toBe(3);
});
