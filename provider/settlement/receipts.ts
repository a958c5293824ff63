/** Builds the receipt of a finished job, checks it against the chain's record, and only then asks for the signature. */
import type { Client } from "@zpu/ipc/rpc/contract";
import type { signer as signerContract } from "@zpu/ipc/workers/signer";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address, Bytes32, JobId } from "@zpu/protocol/ids";
import { receipt as receiptSchema, type Receipt, type SignedReceipt } from "@zpu/protocol/receipt";
import type { ChainJob } from "../ports.ts";
import { recoverReceiptSigner, type SigningDomain } from "../wallet/typed-data.ts";

/** What a run has shown. Times are Unix milliseconds. */
export interface RunFacts {
  readonly jobId: JobId;
  /** Engine and version, e.g. "onnxruntime-node@1.30.0/cpu". */
  readonly engine: string;
  readonly profile: Receipt["profile"];
  readonly inputCommitment: Bytes32;
  readonly outputCommitment: Bytes32;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** The receipt of a run for the job as the chain has it; COMMITMENT_MISMATCH or JOB_NOT_POSTED where the two do not belong together. */
export function buildReceipt(run: RunFacts, job: ChainJob, provider: Address): Receipt {
  const wrong = (detail: string): ZpuError => new ZpuError("JOB_NOT_POSTED", { jobId: run.jobId, detail });
  if (job.provider !== provider) throw wrong(`it names the provider ${job.provider}`);
  if (job.state !== "accepted" && job.state !== "proven" && job.state !== "settled") throw wrong(`it is ${job.state}`);
  if (job.inputCommitment !== run.inputCommitment) throw new ZpuError("COMMITMENT_MISMATCH", { what: "input", jobId: run.jobId });
  if (job.state !== "accepted" && job.outputCommitment !== run.outputCommitment)
    throw new ZpuError("COMMITMENT_MISMATCH", { what: "output", jobId: run.jobId });
  return receiptSchema.parse({ ...run, provider, requestor: job.requestor, modelId: job.modelId });
}

/** What `signReceipt` needs: the signer, the domain, and the operator that must come out as the signature's author. */
export interface ReceiptSigning {
  readonly signer: Pick<Client<typeof signerContract>, "signReceipt">;
  readonly domain: SigningDomain;
  readonly operator: Address;
}

/** `receipt` with the operator's signature, checked before it leaves. SIGNATURE_REFUSED where another receipt was signed for the job. */
export async function signReceipt(receipt: Receipt, { signer, domain, operator }: ReceiptSigning): Promise<SignedReceipt> {
  const { signature } = await signer.signReceipt({ receipt });
  if (recoverReceiptSigner(domain, receipt, signature) !== operator) {
    throw new ZpuError("INTERNAL", { detail: "the signer's signature is not the operator's; it is not handed out" });
  }
  return { receipt, signature };
}
