/** The settings of a node: parsed once, at the border, with every default in sight. */
import { ZpuError } from "@zpu/protocol/errors";
import { tokensToWei, wei } from "@zpu/protocol/money";
import { z } from "zod";

const MIB = 1024 * 1024;

export const providerConfig = z.object({
  /** Everything the node keeps is under this folder. */
  dataDir: z.string().min(1),
  /** Web address of the network: its discovery document says where chain, contracts and gateways are. */
  devnetUrl: z.url({ protocol: /^https?$/ }),
  /** Multiaddrs that the network process listens on. */
  listen: z.array(z.string().max(200)).max(8).default(["/ip4/127.0.0.1/tcp/0"]),
  /** Price of one job, in wei. */
  priceWei: wei.default(tokensToWei(2)),
  /** Jobs that may be on their way at once. */
  maxOpenJobs: z.number().int().min(1).max(64).default(8),
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
  maxPostMs: z.number().int().positive().default(3_600_000),
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
