/** Finding a provider: the gateway's list is a hint, the chain's registry and the peer's own signatures decide. */
import { checkBinding } from "@zpu/network/binding";
import type { NetworkNode } from "@zpu/network/node";
import type { ProviderListing } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address, Bytes32, ModelId, PeerId } from "@zpu/protocol/ids";
import { PROTOCOL_VERSION, type Offering } from "@zpu/protocol/messages";
import { weiToTokens } from "@zpu/protocol/money";
import type { Chain } from "./escrow.ts";

/** A provider that has shown who it is on a connection that is still open. */
export interface VerifiedPeer {
  readonly provider: Address;
  readonly operator: Address;
  readonly encryptionKey: Bytes32;
  readonly peer: PeerId;
  readonly multiaddrs: readonly string[];
  readonly offerings: readonly Offering[];
  /** Unix seconds. */
  readonly bindingExpiresAt: number;
  /** When it said so, on this process's own clock (`performance.now`). */
  readonly heardAtMs: number;
}

/** Verified peers of one client; a peer is asked again after its connection was lost, its binding ran out or `forget`. */
export interface PeerBook {
  /** Throws PEER_UNREACHABLE, BINDING_INVALID, NOT_REGISTERED, or what the peer refused with. `anew` asks it even where it is known. */
  verify(listing: Pick<ProviderListing, "provider" | "multiaddrs">, signal?: AbortSignal, options?: { anew: boolean }): Promise<VerifiedPeer>;
  forget(peer: PeerId): void;
}

/** Opens the book of a node. */
export function createPeerBook(node: NetworkNode, chain: Chain): PeerBook {
  const known = new Map<Address, Promise<VerifiedPeer>>();
  const forget = (peer: PeerId): void => {
    for (const [provider, pending] of known) {
      void pending.then((found) => { if (found.peer === peer && known.get(provider) === pending) known.delete(provider); }, () => undefined); // prettier-ignore
    }
  };
  node.onDisconnect(forget);

  const greet = async (listing: Pick<ProviderListing, "provider" | "multiaddrs">, signal?: AbortSignal): Promise<VerifiedPeer> => {
    const peer = await node.dial(listing.multiaddrs, signal ? { signal } : {});
    const said = await node.sayHello(peer, { version: PROTOCOL_VERSION, role: "requestor", chainId: chain.chainId, offerings: [], multiaddrs: [] });
    if (said.chainId !== chain.chainId) throw new ZpuError("BINDING_INVALID", { detail: "it works on another chain" });
    if (!said.binding) throw new ZpuError("BINDING_INVALID", { detail: "it shows none" });
    const record = await chain.node(listing.provider);
    if (!record.active) throw new ZpuError("BINDING_INVALID", { detail: "its stake is below the minimum" });
    const binding = checkBinding(said.binding, {
      remotePeerId: peer,
      expectedProvider: listing.provider,
      chainRecord: record,
      typedData: chain.bindingTypedData,
      nowSeconds: Math.floor(Date.now() / 1000),
    });
    return {
      provider: binding.provider,
      operator: binding.operator,
      encryptionKey: binding.encryptionKey,
      peer,
      multiaddrs: listing.multiaddrs,
      offerings: said.offerings,
      bindingExpiresAt: binding.expiresAt,
      heardAtMs: performance.now(),
    };
  };

  return {
    forget,
    async verify(listing, signal, options) {
      if (options?.anew === true) known.delete(listing.provider);
      const pending = known.get(listing.provider);
      if (pending) {
        const found = await pending.catch(() => undefined);
        if (found && found.bindingExpiresAt > Date.now() / 1000 && node.peers().includes(found.peer)) return found;
        if (known.get(listing.provider) === pending) known.delete(listing.provider);
      }
      const shared = known.get(listing.provider) ?? greet(listing, signal);
      known.set(listing.provider, shared);
      shared.catch(() => { if (known.get(listing.provider) === shared) known.delete(listing.provider); }); // prettier-ignore
      return shared;
    },
  };
}

/** An error that a peer sent or caused; whether an escrow may be out is never for a peer to say. */
export function fromPeer(error: unknown): ZpuError {
  const { code, facts } = ZpuError.wrap(error);
  return new ZpuError(code, Object.fromEntries(Object.entries(facts).filter(([name]) => name !== "mayBePosted")), error);
}

/** What is sold as a zk-proven run of `modelId`; a run for nothing is not for sale: the contract takes no price of zero. */
export const offeringOf = <T extends Pick<Offering, "modelId" | "proof" | "priceWei">>(offerings: readonly T[], modelId: ModelId): T | undefined =>
  offerings.find((candidate) => candidate.modelId === modelId && candidate.proof === "zk" && candidate.priceWei > 0n);

/** Listings that sell a zk-proven run of `modelId` within the budget, cheapest first, equals in random order; throws NO_PROVIDER or BUDGET_TOO_LOW. */
export function affordable(
  listings: readonly ProviderListing[],
  modelId: ModelId,
  modelName: string,
  budgetWei: bigint,
  random: () => number = Math.random,
): ProviderListing[] {
  const selling = listings.flatMap((listing) => {
    const offering = offeringOf(listing.offerings, modelId);
    return offering ? [{ listing, priceWei: offering.priceWei, lot: random() }] : [];
  });
  selling.sort((a, b) => (a.priceWei < b.priceWei ? -1 : a.priceWei > b.priceWei ? 1 : a.lot - b.lot));
  const cheapest = selling[0];
  if (!cheapest) throw new ZpuError("NO_PROVIDER", { model: modelName });
  const within = selling.filter(({ priceWei }) => priceWei <= budgetWei);
  if (within.length === 0) throw new ZpuError("BUDGET_TOO_LOW", { budget: weiToTokens(budgetWei), price: weiToTokens(cheapest.priceWei) });
  return within.map(({ listing }) => listing);
}
