/** What it takes to submit a job: an account that pays, a libp2p node, and the providers it has verified. */
import { randomBytes } from "node:crypto";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { createNode, type NetworkNode } from "@zpu/network/node";
import type { DiscoveryDocument } from "@zpu/protocol/discovery";
import { ZpuError } from "@zpu/protocol/errors";
import { weiToTokens } from "@zpu/protocol/money";
import { askFaucet } from "./discovery.ts";
import { newRequestorKey, type Account, type Chain, type RequestorSigner } from "./escrow.ts";
import { createPeerBook, type PeerBook } from "./peers.ts";

/** An open market; its node must be stopped in the end. */
export interface Market {
  readonly document: DiscoveryDocument;
  readonly chain: Chain;
  readonly account: Account;
  readonly node: NetworkNode;
  readonly peers: PeerBook;
  /** Throws INSUFFICIENT_FUNDS; on the devnet asks the faucet first where the account is a fresh one of ours. */
  ensureFunds(priceWei: bigint, signal?: AbortSignal): Promise<void>;
}

/** Opens the market with `signer`, or ZPU_REQUESTOR_KEY, or on the devnet a fresh key that its faucet funds; throws CONFIG_INVALID where there is none. */
export async function openMarket(document: DiscoveryDocument, chain: Chain, signer: RequestorSigner | undefined): Promise<Market> {
  const onDevnet = document.devnet && chain.chainId === DEVNET_CHAIN_ID;
  const given = signer ?? process.env.ZPU_REQUESTOR_KEY;
  const faucetUrl = given === undefined && onDevnet ? document.faucetUrl : undefined;
  if (given === undefined && faucetUrl === undefined) {
    throw new ZpuError("CONFIG_INVALID", { name: "ZPU_REQUESTOR_KEY", detail: "no key to pay with: set it, or pass options.signer" });
  }
  const account = await chain.account(given ?? newRequestorKey());
  let funding: Promise<void> | undefined;

  const ensureFunds = async (priceWei: bigint, signal?: AbortSignal): Promise<void> => {
    await funding;
    const [tokens, gas] = await Promise.all([chain.tokenBalanceWei(account.address), chain.gasBalanceWei(account.address)]);
    if (tokens >= priceWei && gas > 0n) return;
    if (faucetUrl === undefined) {
      throw tokens < priceWei
        ? new ZpuError("INSUFFICIENT_FUNDS", {
            account: account.address,
            balance: `${weiToTokens(tokens)} NZIDIA`,
            needed: `${weiToTokens(priceWei)} NZIDIA`,
          })
        : new ZpuError("INSUFFICIENT_FUNDS", { account: account.address, balance: "no gas money", needed: "some for three transactions" });
    }
    funding ??= askFaucet(faucetUrl, account.address, signal).finally(() => { funding = undefined; }); // prettier-ignore
    await funding;
  };

  const node = await createNode({ peerSeed: randomBytes(32), listen: [] });
  return { document, chain, account, node, peers: createPeerBook(node, chain), ensureFunds };
}
