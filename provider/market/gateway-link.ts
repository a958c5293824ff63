/** Visibility: the network process stays connected to every gateway of the discovery document and tells each what is sold here. */
import { keepConnected } from "@zpu/network/keep-connected";
import type { NetworkNode } from "@zpu/network/node";
import { ZpuError } from "@zpu/protocol/errors";
import type { PeerId } from "@zpu/protocol/ids";
import type { Hello } from "@zpu/protocol/messages";

export interface GatewayLink {
  /** Replaces the list of gateways; addresses of one peer belong together. */
  dial(multiaddrs: readonly string[]): void;
  /** What to say from now on; gateways that are connected hear it at once. */
  announce(hello: Hello): void;
  /** Gateways that have answered our hello and are still connected. */
  count(): number;
  stop(): void;
}

/** Addresses by the peer they lead to: each ends in /p2p/<peer id>. Others are left out. */
export function byPeer(multiaddrs: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of multiaddrs) {
    const peer = /\/p2p\/([^/]+)$/.exec(text)?.[1];
    if (peer !== undefined) groups.set(peer, [...(groups.get(peer) ?? []), text]);
  }
  return groups;
}

/** A link that dials nobody yet. `changed` hears when `count()` changes. */
export function createGatewayLink(node: NetworkNode, changed: () => void): GatewayLink {
  const links = new Map<string, { addresses: string[]; stop: () => void }>();
  const up = new Set<PeerId>();
  let hello: Hello | undefined;

  const lost = node.onDisconnect((peer) => {
    if (up.delete(peer)) changed();
  });
  const say = async (peer: PeerId): Promise<void> => {
    if (!hello) throw new ZpuError("NOT_REGISTERED");
    await node.sayHello(peer, hello);
    up.add(peer);
    changed();
  };
  /** A gateway that did not take what we say lists us as we were, or not at all: the connection is made anew, and with it the hello. */
  const forsake = (peer: PeerId): void => {
    if (up.delete(peer)) changed();
    node.hangUp(peer).catch(idle);
  };
  const connectAll = (): void => {
    if (!hello) return;
    for (const [peer, link] of links) {
      if (link.stop !== idle) continue;
      const kept = keepConnected(node, () => links.get(peer)?.addresses ?? [], { onUp: say });
      links.set(peer, { addresses: link.addresses, stop: () => kept.stop() });
    }
  };
  return {
    dial(multiaddrs) {
      const wanted = byPeer(multiaddrs);
      for (const [peer, link] of links) {
        if (wanted.has(peer)) continue;
        link.stop();
        links.delete(peer);
      }
      for (const [peer, addresses] of wanted) {
        const link = links.get(peer);
        if (link) link.addresses.splice(0, link.addresses.length, ...addresses);
        else links.set(peer, { addresses: [...addresses], stop: idle });
      }
      connectAll();
    },
    announce(next) {
      hello = next;
      for (const peer of up) say(peer).catch(() => forsake(peer));
      connectAll();
    },
    count: () => up.size,
    stop() {
      lost();
      for (const link of links.values()) link.stop();
      links.clear();
    },
  };
}

/** Marks a link that has not been dialled. */
function idle(): void {
  return undefined;
}
