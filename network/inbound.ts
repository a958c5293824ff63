/** Who may connect and stay: inbound connections are counted by host and by peer, and closed where nothing is asked on them. */
import type { Connection, ConnectionGater, MultiaddrConnection } from "@libp2p/interface";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import type { Limits } from "./limits.ts";

/** The guard of one node's inbound connections. */
export interface InboundGuard {
  /** For libp2p's `connectionGater`. */
  readonly gater: Required<Pick<ConnectionGater, "denyInboundConnection" | "denyInboundEncryptedConnection" | "denyInboundUpgradedConnection">>;
  /** Starts the clock of a connection that has just opened; outbound ones have none. */
  opened(connection: Connection): void;
  /** Stops the clock: something was asked, so the connection may stay. */
  used(connection: Connection): void;
}

/** Hosts beyond IPv4 and IPv6 (there are none with the TCP transport) count as one. */
const OTHER = "other";

/** What counts as one host: an IPv4 address, or the first 64 bits of an IPv6 address, since one machine commonly owns all of the rest. */
export function hostOf(address: Multiaddr): string {
  for (const { name, value } of address.getComponents()) {
    if (name === "ip4" && value !== undefined) return value;
    if (name !== "ip6" || value === undefined) continue;
    const bytes = multiaddr(`/ip6/${value}`).bytes.subarray(1); // one byte of protocol code, then the address
    const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
    if (mapped) return bytes.subarray(12, 16).join(".");
    return `${Buffer.from(bytes.subarray(0, 8)).toString("hex")}/64`;
  }
  return OTHER;
}

/** Counts by key; a key at zero is not held. */
function createCounts(): { of(key: string): number; add(key: string, change: 1 | -1): void } {
  const counts = new Map<string, number>();
  return {
    of: (key) => counts.get(key) ?? 0,
    add(key, change) {
      const next = (counts.get(key) ?? 0) + change;
      if (next === 0) counts.delete(key);
      else counts.set(key, next);
    },
  };
}

/** A guard under `limits`. Everything it counts it stops counting when the socket closes. */
export function createInboundGuard(
  limits: Pick<Limits, "pendingConnectionsPerHost" | "connectionsPerHost" | "connectionsPerPeer" | "purposeMs">,
): InboundGuard {
  const [pending, all, byPeer] = [createCounts(), createCounts(), createCounts()];
  /** Ends the handshake of a socket that is counted. */
  const handshakes = new WeakMap<MultiaddrConnection, () => void>();
  const clocks = new Map<string, NodeJS.Timeout>();

  const stopClock = (connection: Connection): void => {
    clearTimeout(clocks.get(connection.id));
    clocks.delete(connection.id);
  };
  return {
    gater: {
      denyInboundConnection(socket) {
        const host = hostOf(socket.remoteAddr);
        if (socket.status !== "open") return true;
        if (pending.of(host) >= limits.pendingConnectionsPerHost || all.of(host) >= limits.connectionsPerHost) return true;
        let shaking = true;
        const endHandshake = (): void => {
          if (shaking) pending.add(host, -1);
          shaking = false;
        };
        pending.add(host, 1);
        all.add(host, 1);
        handshakes.set(socket, endHandshake);
        socket.addEventListener("close", () => {
          endHandshake();
          all.add(host, -1);
        });
        return false;
      },
      denyInboundEncryptedConnection(peerId, socket) {
        const peer = peerId.toString();
        if (socket.status !== "open" || byPeer.of(peer) >= limits.connectionsPerPeer) return true;
        byPeer.add(peer, 1);
        socket.addEventListener("close", () => { byPeer.add(peer, -1); }); // prettier-ignore
        return false;
      },
      denyInboundUpgradedConnection(_peerId, socket) {
        handshakes.get(socket)?.();
        return false;
      },
    },
    opened(connection) {
      if (connection.direction !== "inbound" || connection.status !== "open") return;
      const clock = setTimeout(() => { connection.abort(new Error("nothing was asked on this connection")); }, limits.purposeMs); // prettier-ignore
      clock.unref();
      clocks.set(connection.id, clock);
      connection.addEventListener("close", () => { stopClock(connection); }); // prettier-ignore
    },
    used: stopClock,
  };
}
