/** Countersigning: the requestor confirms what it received, to the provider and to the public evidence. */
import type { NetworkNode } from "@zpu/network/node";
import type { ReceiptMessage } from "@zpu/protocol/messages";
import { fileReceipt } from "./discovery.ts";
import type { Account } from "./escrow.ts";
import type { Answer, JobRecord } from "./record.ts";

const TRIES = 3;
const PAUSE_MS = 1000;

/** What signs and where it is sent. */
export interface CountersignParts {
  readonly account: Account;
  readonly node: NetworkNode;
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Signs a checked receipt and delivers it; `record.countersigned` says whether the provider has stored it. Delivery is tried a few times and is never a reason to fail. */
export function countersigner({ account, node, url, signal }: CountersignParts): (record: JobRecord, answer: Answer) => Promise<void> {
  const insist = async (deliver: () => Promise<boolean>): Promise<boolean> => {
    for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt).unref());
      if (await deliver().catch(() => false)) return true;
    }
    return false;
  };
  return async (record, answer) => {
    let message: ReceiptMessage;
    try {
      message = { signed: answer.receipt, countersignature: await account.signReceipt(answer.receipt.receipt) };
    } catch {
      return; // the signer declined; the answer stands without it
    }
    const [stored] = await Promise.all([
      insist(async () => (await node.sendReceipt(record.peer, message)).type === "stored"),
      insist(async () => {
        await fileReceipt(url, message);
        return true;
      }),
    ]);
    record.countersigned = stored;
  };
}
