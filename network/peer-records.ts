/** What a node remembers of its peers: those connected, and the last ones it dialled itself; strangers are forgotten when they leave. */
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import type { Libp2p } from "libp2p";

/** The records of one node. */
export interface PeerRecords {
  /** `peer` is being dialled: its addresses are kept after it has left, until `most` others were dialled later. */
  dialled(peer: string): void;
  /** Records held at the moment. */
  count(): Promise<number>;
}

/**
 * Keeps the peer store of `libp2p` small. Identify and stream negotiation may still write while a peer leaves, so records are
 * looked at when they change as well as when a connection ends.
 */
export function createPeerRecords(libp2p: Libp2p, most: number): PeerRecords {
  /** Oldest first. */
  const dialled = new Set<string>();
  const forgetStranger = (peer: Libp2pPeerId): void => {
    if (dialled.has(peer.toString()) || libp2p.getConnections(peer).length > 0) return;
    libp2p.peerStore.delete(peer).catch((error: unknown) => { libp2p.logger.forComponent("zpu:peer-records").error("not forgotten - %e", error); }); // prettier-ignore
  };
  libp2p.addEventListener("peer:disconnect", ({ detail }) => { forgetStranger(detail); }); // prettier-ignore
  libp2p.addEventListener("peer:update", ({ detail }) => { forgetStranger(detail.peer.id); }); // prettier-ignore
  return {
    dialled(peer) {
      dialled.delete(peer);
      dialled.add(peer);
      for (const oldest of dialled) {
        if (dialled.size <= most) break;
        dialled.delete(oldest);
        forgetStranger(peerIdFromString(oldest));
      }
    },
    count: async () => (await libp2p.peerStore.all()).length,
  };
}
