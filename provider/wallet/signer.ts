/** The body of the signer: it alone holds keys, signs typed intents, receipts and bindings, and nothing else. */
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { intentRole, signer, type NodeIdentity } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import { fromHex, txHash } from "@zpu/protocol/ids";
import { Transaction } from "ethers";
import { checkCeilings, checkOwnKeys, encodeIntent, type PinnedContracts } from "./intents.ts";
import { nodeKeyPath } from "./key-file.ts";
import { ensureKeyFiles, identityOf, readKeyFile, signAsPeer, type NodeKeys } from "./keys.ts";
import { openProtection, type Protection } from "./protection.ts";
import { bindingDigest, receiptDigest } from "./typed-data.ts";

/** Longest term of a binding between peer and provider, in seconds: 366 days. */
export const MAX_BINDING_SECONDS = 366 * 24 * 3600;

interface Unlocked {
  readonly keyFile: string;
  readonly contracts: PinnedContracts;
  readonly keys: NodeKeys;
  readonly identity: NodeIdentity;
  readonly protection: Protection;
}

/** Serves the signer's contract on `pipe`; returns a function that forgets the keys and closes the protection database. */
export function serveSigner(pipe: Pipe, now: () => number = Date.now): () => void {
  let state: Unlocked | undefined;
  const unlocked = (): Unlocked => {
    if (!state) throw new ZpuError("SIGNATURE_REFUSED", { detail: "the keys are locked" });
    return state;
  };
  const refuse = (detail: string): never => {
    throw new ZpuError("SIGNATURE_REFUSED", { detail });
  };
  const stopServing = serve(
    signer,
    {
      ensureKeys({ dataDir }) {
        if (state && state.keyFile !== nodeKeyPath(dataDir)) refuse("keys are only made before it is unlocked");
        return ensureKeyFiles(dataDir);
      },
      unlock({ keyFile, protectionFile, contracts }) {
        if (state) {
          // Pinned once: a core that was taken over cannot repoint a running signer.
          const same =
            state.keyFile === keyFile &&
            Object.entries(contracts).every(([name, value]) => state?.contracts[name as keyof PinnedContracts] === value);
          return same ? state.identity : refuse("another key file, chain or contract than the one it was unlocked for");
        }
        const keys = readKeyFile(keyFile);
        state = { keyFile, contracts, keys, identity: identityOf(keys), protection: openProtection(protectionFile, now) };
        return state.identity;
      },
      signTransaction({ intent, nonce, ...fees }) {
        const { keys, identity, contracts } = unlocked();
        checkCeilings(intent.type, fees);
        checkOwnKeys(intent, identity);
        const role = intentRole(intent.type);
        const transaction = Transaction.from({
          type: 2,
          chainId: contracts.chainId,
          nonce,
          gasLimit: fees.gasLimit,
          maxFeePerGas: fees.maxFeePerGasWei,
          maxPriorityFeePerGas: fees.maxPriorityFeePerGasWei,
          ...encodeIntent(intent, contracts),
        });
        transaction.signature = keys[role].signingKey.sign(transaction.unsignedHash);
        const { hash } = transaction;
        if (hash === null) throw new ZpuError("INTERNAL", { detail: "a signed transaction has no hash" });
        return { raw: transaction.serialized, hash: txHash.parse(hash), from: identity[role] };
      },
      signReceipt({ receipt }) {
        const { keys, identity, contracts, protection } = unlocked();
        if (receipt.provider !== identity.owner) refuse(`a receipt of another provider, ${receipt.provider}`);
        if (receipt.finishedAtMs < receipt.startedAtMs) refuse("a receipt that ends before it starts");
        const digest = receiptDigest(contracts, receipt);
        return { signature: protection.receipt(receipt.jobId, digest, () => keys.operator.signingKey.sign(digest).serialized) };
      },
      signBinding({ binding }) {
        const { keys, identity, contracts } = unlocked();
        if (binding.provider !== identity.owner || binding.operator !== identity.operator) refuse("a binding of another provider");
        if (binding.peerKey !== identity.peerKey || binding.encryptionKey !== identity.encryptionKey) refuse("a binding to foreign keys");
        if (binding.expiresAt > Math.floor(now() / 1000) + MAX_BINDING_SECONDS) refuse("a binding that lasts more than 366 days");
        const digest = bindingDigest(contracts, binding);
        return { operatorSignature: keys.operator.signingKey.sign(digest).serialized, peerSignature: signAsPeer(keys.peerSeed, fromHex(digest)) };
      },
    },
    pipe,
  );
  const stop = (): void => {
    stopServing();
    state?.protection.close();
    state = undefined;
  };
  pipe.onClose(stop);
  return stop;
}
