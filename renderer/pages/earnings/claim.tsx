/** The claim: what waits in the treasury, and the button that moves it to the payout address. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import { TOKEN_SYMBOL } from "@zpu/protocol/money";
import { useState } from "react";
import { money, tokens } from "../../lib/format.ts";
import { useLink, useLinkState, useSlice } from "../../lib/live.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyHex } from "../../ui/copy.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { useToast } from "../../ui/toast.tsx";

/** The figure that can be acted on, and the act. */
export function Claim({ summary }: { summary: EarningsSummary }) {
  const link = useLink();
  const { phase } = useLinkState();
  const payout = useSlice("status")?.payout;
  const toast = useToast();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<ErrorRecord>();
  const nothing = summary.claimableWei === 0n;

  const claim = async (): Promise<void> => {
    setPending(true);
    setError(undefined);
    try {
      const { amountWei, tx } = await link.client().earnings.claim({});
      toast(`${money(amountWei)} claimed`, <CopyHex value={tx} what="claim transaction" lead={6} tail={6} />);
    } catch (failure) {
      setError(ZpuError.wrap(failure).toRecord());
    } finally {
      setPending(false);
    }
  };

  return (
    <section aria-label="Claim" className="rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-6">
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-5">
        <div className="min-w-0">
          <h2 className="text-sm font-semibold">Ready to claim</h2>
          <p className="pt-1 text-[2.75rem] leading-[1.15] font-semibold tracking-[-0.03em]">
            <span data-testid="claimable" className={nothing ? "text-ink-3" : "text-good"}>
              {tokens(summary.claimableWei)}
            </span>
            <span className="ml-2.5 text-base font-medium tracking-normal text-ink-3">{TOKEN_SYMBOL}</span>
          </p>
          <p className="pt-1 text-ink-3">
            {payout ? (
              <>
                goes to <CopyHex value={payout} what="payout address" lead={4} />
              </>
            ) : (
              "goes to your payout address"
            )}
          </p>
        </div>
        <div className="flex w-full flex-col gap-1.5 sm:w-auto sm:items-end">
          <Button
            look="primary"
            busy={pending}
            disabled={nothing || phase !== "connected"}
            onClick={() => void claim()}
            className="min-h-12 w-full px-6 sm:w-auto"
          >
            {pending ? "Claiming" : nothing ? "Nothing to claim" : `Claim ${money(summary.claimableWei)}`}
          </Button>
          <p role="status" className="min-h-5 text-xs text-ink-3">
            {pending ? "Signed and sent; waiting for the block." : ""}
          </p>
        </div>
      </div>
      {error ? <ErrorNotice error={error} live className="mt-4" /> : null}
    </section>
  );
}
