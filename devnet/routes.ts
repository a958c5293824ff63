/** What the devnet's web address answers beyond the gateway's own routes: play money and a paid digit for the asking. */
import { ZpuError } from "@zpu/protocol/errors";
import { address } from "@zpu/protocol/ids";
import { z } from "zod";
import type { Faucet } from "./faucet.ts";
import type { Requestor } from "./requestor.ts";

const DIGIT_BYTES = 784;
const faucetInput = z.object({
  address: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(address),
});
const askInput = z.object({ pixels: z.string().max(2000), label: z.number().int().min(0).max(9).optional() });

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ZpuError("MALFORMED_MESSAGE", { detail: parsed.error.issues[0]?.message ?? "does not fit" });
  return parsed.data;
}

/** POST /faucet {address}: gas money and tokens; answers what was sent, in wei as decimal text. */
export async function answerFaucet(faucet: Faucet, body: unknown): Promise<unknown> {
  const { gasTx, tokenTx, gasWei, tokenWei } = await faucet.fund(parse(faucetInput, body).address);
  return { gasTx, tokenTx, gasWei: gasWei.toString(), tokenWei: tokenWei.toString() };
}

/** POST /ask {pixels: base64 of 784 bytes, label?}: the devnet's requestor pays for it; answers {jobId, proofUrl}. */
export async function answerAsk(requestor: Requestor, body: unknown): Promise<{ jobId: string; proofUrl: string }> {
  const pixels = new Uint8Array(Buffer.from(parse(askInput, body).pixels, "base64"));
  if (pixels.length !== DIGIT_BYTES) throw new ZpuError("INPUT_INVALID", { detail: `${pixels.length} bytes instead of ${DIGIT_BYTES}` });
  return requestor.submit(pixels);
}
