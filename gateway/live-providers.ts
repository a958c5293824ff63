/** Who is live: providers that are connected to this node and have shown a binding that holds on the chain. */
import { checkBinding } from "@zpu/network/binding";
import type { NetworkNode } from "@zpu/network/node";
import type { ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import type { PeerId } from "@zpu/protocol/ids";
import { PROTOCOL_VERSION, type Hello } from "@zpu/protocol/messages";
import type { Chain } from "@zpu/sdk/escrow";

/** The live providers of one node. */
export interface LiveProviders {
  list(): ProviderListing[];
  /** Told whenever the list changes. */
  onChange(listener: () => void): () => void;
}

/** Answers hellos on `node` and keeps the list; `nowMs` is Unix milliseconds. */
export function trackProviders(node: NetworkNode, chain: Chain, nowMs: () => number = Date.now): LiveProviders {
  const live = new Map<PeerId, ProviderListing>();
  const listeners = new Set<() => void>();
  const changed = (): void => { for (const listener of listeners) listener(); }; // prettier-ignore

  const admit = async (message: Hello, peer: PeerId): Promise<void> => {
    if (!message.binding) throw new ZpuError("BINDING_INVALID", { detail: "a provider must show one" });
    // What costs nothing comes first: the binding is held against itself and the connection, and only then is the chain asked.
    const claimed = message.binding.binding;
    const nowSeconds = Math.floor(nowMs() / 1000);
    checkBinding(message.binding, { remotePeerId: peer, chainRecord: claimed, typedData: chain.bindingTypedData, nowSeconds });
    const { provider } = claimed;
    const record = await chain.node(provider);
    if (record.operator !== claimed.operator) throw new ZpuError("BINDING_INVALID", { detail: "its operator is not the one on the chain" });
    if (record.peerKey !== claimed.peerKey) throw new ZpuError("BINDING_INVALID", { detail: "its peer key is not the one on the chain" });
    if (!record.active) throw new ZpuError("BINDING_INVALID", { detail: "its stake is below the minimum" });
    if (!node.peers().includes(peer)) return; // gone while the chain was asked
    const multiaddrs = message.multiaddrs.filter((text) => text.endsWith(`/p2p/${peer}`));
    for (const [other, listing] of live) if (listing.provider === provider && other !== peer) live.delete(other);
    live.set(peer, {
      provider,
      peerId: peer,
      multiaddrs,
      offerings: message.offerings,
      binding: message.binding,
      connectedAtMs: live.get(peer)?.connectedAtMs ?? nowMs(),
    });
    changed();
  };

  node.onHello(async (message, peer) => {
    if (message.chainId !== chain.chainId) {
      throw new ZpuError("CHAIN_MISMATCH", { rpc: "the other side", actual: message.chainId.toString(), expected: chain.chainId.toString() });
    }
    if (message.role === "provider") await admit(message, peer);
    return { version: PROTOCOL_VERSION, role: "gateway", chainId: chain.chainId, offerings: [], multiaddrs: node.multiaddrs().slice(0, 8) };
  });
  node.onDisconnect((peer) => { if (live.delete(peer)) changed(); }); // prettier-ignore

  return {
    list: () => [...live.values()].filter((listing) => listing.binding.binding.expiresAt > nowMs() / 1000),
    onChange(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); }; // prettier-ignore
    },
  };
}
