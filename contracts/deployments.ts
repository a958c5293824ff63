/** Where the contracts of a chain are; the devnet writes its own at deployment, published in `/.well-known/zpu.json`. */

/** Chain id of the development network: "ZPU" in ASCII. Its verifying key is refused on every other chain. */
export const DEVNET_CHAIN_ID = 5_918_805n;

/** Addresses (lower-case 0x-hex) of one deployment. */
export interface Deployment {
  readonly chainId: bigint;
  readonly token: string;
  readonly registry: string;
  readonly jobs: string;
  readonly verifier: string;
  readonly treasury: string;
}
