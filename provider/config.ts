/** The settings of a node: parsed once, at the border, with every default in sight. */
import { isIPv4, isIPv6 } from "node:net";
import { ZpuError } from "@zpu/protocol/errors";
import { tokensToWei, wei } from "@zpu/protocol/money";
import { z } from "zod";

const MIB = 1024 * 1024;

/** /ip4, /ip6 or /dns, an address of that kind, /tcp, a port: what the network process can listen on. */
const listenAddress = z
  .string()
  .max(200)
  .refine((text) => {
    const [, kind, place = "", port = ""] = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})$/.exec(text) ?? [];
    if (kind === undefined || Number(port) > 65_535) return false;
    if (kind === "ip4") return isIPv4(place);
    if (kind === "ip6") return isIPv6(place);
    return /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(place);
  }, "expected an address such as /ip4/0.0.0.0/tcp/4001");

export const providerConfig = z.object({
  /** Everything the node keeps is under this folder. */
  dataDir: z.string().min(1),
  /** Web address of the network: its discovery document says where chain, contracts and gateways are. */
  devnetUrl: z.url({ protocol: /^https?$/ }),
  /** Multiaddrs that the network process listens on. */
  listen: z.array(listenAddress).max(8).default(["/ip4/127.0.0.1/tcp/0"]),
  /** Price of one job, in wei. */
  priceWei: wei.default(tokensToWei(2)),
  /** Jobs that may be on their way at once, from the acceptance on. */
  maxOpenJobs: z.number().int().min(1).max(64).default(8),
  /** Offers that may wait for their escrow at once: in all, and of one requestor. They cost whoever makes them nothing. */
  maxOffers: z.number().int().min(1).max(1_000).default(64),
  maxOffersPerRequestor: z.number().int().min(1).max(1_000).default(8),
  /** With less room than this on the disk no new job is taken. */
  minFreeDiskBytes: z
    .number()
    .int()
    .nonnegative()
    .default(256 * MIB),
  /** Least time from an offer to its deadline: run, proof and three transactions. */
  minWorkMs: z.number().int().positive().default(15_000),
  /** Least and longest time from an offer to its `acceptBy`. */
  minPostMs: z.number().int().positive().default(1_000),
  maxPostMs: z.number().int().positive().default(120_000),
  /** A run or a proof that takes longer means that its process hangs: it is killed and the step is done again. */
  runLimitMs: z.number().int().positive().default(60_000),
  proveLimitMs: z.number().int().positive().default(300_000),
  /** Executor and prover are ended after so long without work: they give their memory back, and the next job starts them again. */
  restAfterMs: z.number().int().positive().default(300_000),
  /** Pause between two looks at the chain's head. */
  chainPollMs: z.number().int().min(10).default(1_000),
});
export type ProviderConfig = z.infer<typeof providerConfig>;

/** The settings in `input` with the defaults filled in; CONFIG_INVALID names the first that does not fit. */
export function parseConfig(input: z.input<typeof providerConfig>): ProviderConfig {
  const parsed = providerConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ZpuError("CONFIG_INVALID", { name: issue?.path.join(".") ?? "?", detail: issue?.message ?? "does not fit" }, parsed.error);
}
