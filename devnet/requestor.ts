/** The devnet's requestor: pays for demonstration digits and for those asked from the page, out of faucet money. */
import type { Deployment } from "@zpu/contracts/deployments";
import { ZpuError } from "@zpu/protocol/errors";
import { address, jobId as jobIdSchema, type JobId } from "@zpu/protocol/ids";
import { tokensToWei } from "@zpu/protocol/money";
import { ZPUClient } from "@zpu/sdk/client";
import { gasBalance, jobOnChain, tokenBalance } from "./chain-evidence.ts";
import type { Chain } from "./chain.ts";
import type { Outcome } from "./control.ts";
import type { Faucet } from "./faucet.ts";

const MODEL = "digits-mlp";
/** The most that the devnet's requestor pays for a digit, in whole tokens. */
const MAX_BUDGET = 10;
const REFILL_BELOW_WEI = tokensToWei(100);
const REFILL_BELOW_GAS_WEI = 10n ** 17n;

/** Submits digits and tells how they came out. */
export interface Requestor {
  /** Posts a paid job for 784 grey values. */
  submit(pixels: Uint8Array): Promise<{ jobId: JobId; proofUrl: string }>;
  /** Waits until the job is settled on the chain; TIMEOUT after `timeoutMs`. */
  outcome(jobId: JobId, timeoutMs: number): Promise<Outcome>;
  close(): Promise<void>;
}

export interface RequestorOptions {
  readonly url: string;
  readonly key: string;
  readonly account: string;
  readonly chain: Chain;
  readonly deployment: Deployment;
  readonly faucet: Faucet;
}

/** Tops `account` up where it holds less than asked; true where it had to. */
async function ensureFunded(
  parts: Pick<RequestorOptions, "chain" | "deployment" | "faucet">,
  account: string,
  least: { gasWei: bigint; tokenWei: bigint },
): Promise<boolean> {
  const enough =
    (await gasBalance(parts.chain, account)) >= least.gasWei && (await tokenBalance(parts.chain, parts.deployment.token, account)) >= least.tokenWei;
  if (!enough) await parts.faucet.fund(account);
  return !enough;
}

/** The requestor at the network of `url`. */
export function openRequestor(options: RequestorOptions): Requestor {
  const client = new ZPUClient(options.url, { signer: options.key });
  const account = address.parse(options.account);
  // Opens chain client and libp2p node now, so that the first job does not wait for them.
  let refilling: Promise<unknown> = client.account();

  return {
    async submit(pixels) {
      refilling = refilling
        .catch(() => undefined)
        .then(() => ensureFunded(options, account, { gasWei: REFILL_BELOW_GAS_WEI, tokenWei: REFILL_BELOW_WEI }));
      await refilling;
      const { jobId, proofUrl } = await client.submitJob({ model: MODEL, input: { pixels }, maxBudget: MAX_BUDGET });
      return { jobId: jobIdSchema.parse(jobId), proofUrl };
    },
    async outcome(jobId, timeoutMs) {
      const result = await client.result(jobId, { until: "paid", timeoutMs });
      const { proven, settled } = await jobOnChain(options.chain, options.deployment.jobs, jobId);
      if (settled === undefined) throw new ZpuError("INTERNAL", { detail: `job ${jobId} is paid but the chain has no settlement of it` });
      const verified = proven !== undefined && (await client.verify(jobId)).verified;
      return { jobId, output: result.digit, provider: settled.provider, proofVerifiedOnChain: verified, paidWei: settled.priceWei };
    },
    close: () => client.close(),
  };
}
