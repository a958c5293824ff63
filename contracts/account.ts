/** An account on a chain reached in process (EIP-1193), for the tools that deploy and fund; a node signs in its signer process instead. */
import { BrowserProvider, Contract, Network, Wallet, hexlify, randomBytes } from "ethers";

/** Anything that answers JSON-RPC calls in process. */
export interface Eip1193 {
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** A fresh secp256k1 private key, 0x-hex. */
export const newPrivateKey = (): string => hexlify(randomBytes(32));
/** The account of a private key, lower-case 0x-hex. */
export const accountOfKey = (privateKey: string): string => new Wallet(privateKey).address.toLowerCase();

/** The account of `privateKey`, able to send on `chain`. */
export function accountOn(chain: Eip1193, chainId: bigint, privateKey: string): Wallet {
  const network = Network.from(chainId);
  const provider = new BrowserProvider(
    { request: ({ method, params }) => chain.request({ method, params: (params ?? []) as readonly unknown[] }) },
    network,
    {
      cacheTimeout: -1,
      polling: true,
      staticNetwork: network,
    },
  );
  provider.pollingInterval = 50;
  return new Wallet(privateKey, provider);
}

const FUNDING_ABI = ["function transfer(address to, uint256 amount) returns (bool)", "function balanceOf(address account) view returns (uint256)"];

/** Token balance of `account` in wei. */
export async function tokenBalanceWei(from: Wallet, token: string, account: string): Promise<bigint> {
  return BigInt((await new Contract(token, FUNDING_ABI, from).getFunction("balanceOf").staticCall(account)) as bigint);
}

/** Sends gas money and tokens to `account` and waits until both are mined. Calls for one `from` must not overlap: they share its nonce. */
export async function fundAccount(
  from: Wallet,
  token: string,
  account: string,
  amounts: { gasWei: bigint; tokenWei: bigint },
): Promise<{ gasTx: string; tokenTx: string }> {
  const gas = await from.sendTransaction({ to: account, value: amounts.gasWei });
  await gas.wait();
  const sent = await from.sendTransaction({
    to: token,
    data: new Contract(token, FUNDING_ABI).interface.encodeFunctionData("transfer", [account, amounts.tokenWei]),
  });
  await sent.wait();
  return { gasTx: gas.hash, tokenTx: sent.hash };
}
