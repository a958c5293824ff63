/** Earnings: what has been earned, what can be claimed, and every payment that it is made of. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { TOKEN_SYMBOL } from "@zpu/protocol/money";
import { useState, type ReactNode } from "react";
import { count, tokens } from "../lib/format.ts";
import { useLinkState, useProblems, useSlice } from "../lib/live.tsx";
import { hrefOf } from "../routes/router.ts";
import { Button } from "../ui/button.tsx";
import { Card, Figure, FigureStrip } from "../ui/card.tsx";
import { CopyHex } from "../ui/copy.tsx";
import { Empty, Loading } from "../ui/notice.tsx";
import { Ago } from "../ui/time.tsx";
import { shortHex } from "../lib/format.ts";
import { EarningsChart } from "./earnings/chart.tsx";
import { Claim } from "./earnings/claim.tsx";

const FIRST_ROWS = 12;

interface Entry {
  readonly atMs: number;
  readonly amountWei: bigint;
  readonly tx: string;
}

/** Newest first, the first dozen unless all are asked for; `about` fills the column of jobs, where there is one; `total` counts those that are too old to be listed as well. */
function Ledger<T extends Entry>({
  title,
  entries,
  total,
  what,
  empty,
  about,
}: {
  title: string;
  entries: readonly T[];
  total: number;
  what: string;
  empty: string;
  about?: (entry: T) => ReactNode;
}) {
  const [all, setAll] = useState(false);
  const newest = [...entries].reverse();
  const rows = all ? newest : newest.slice(0, FIRST_ROWS);
  return (
    <Card title={title} aside={<span className="text-xs text-ink-3">{count(total)}</span>}>
      {rows.length === 0 ? <p className="px-5 pt-1 pb-5 text-ink-3">{empty}</p> : null}
      {rows.length > 0 ? (
        <table className="mt-1 w-full text-[0.8125rem]">
          <thead className="text-left text-xs text-ink-3 [&_th]:pb-1.5 [&_th]:font-medium">
            <tr>
              <th scope="col" className="pl-5">
                Time
              </th>
              {about ? (
                <th scope="col" className="px-3 max-sm:hidden">
                  Job
                </th>
              ) : null}
              <th scope="col" className="px-3">
                Transaction
              </th>
              <th scope="col" className="pr-5 text-right">
                Amount in {TOKEN_SYMBOL}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((entry) => (
              <tr key={entry.tx} className="border-t border-line">
                <td className="py-2 pl-5 text-ink-3">
                  <Ago atMs={entry.atMs} />
                </td>
                {about ? <td className="px-3 py-2 whitespace-nowrap max-sm:hidden">{about(entry)}</td> : null}
                <td className="px-3 py-2">
                  <CopyHex value={entry.tx} what={`${what} transaction`} lead={4} />
                </td>
                <td className="py-2 pr-5 text-right font-medium whitespace-nowrap">{tokens(entry.amountWei)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {newest.length > rows.length ? (
        <div className="border-t border-line p-3 text-center">
          <Button look="bare" onClick={() => setAll(true)}>
            {total > newest.length ? `Show the newest ${count(newest.length)}` : `Show all ${count(total)}`}
          </Button>
        </div>
      ) : null}
      {total > rows.length && rows.length === newest.length ? (
        <p className="border-t border-line px-5 py-3 text-center text-xs text-ink-3">
          The newest {count(rows.length)} of {count(total)}; the figures above count all of them.
        </p>
      ) : null}
    </Card>
  );
}

function Figures({ summary }: { summary: EarningsSummary }) {
  return (
    <FigureStrip label="Figures">
      <Figure
        name="Earned in total"
        value={tokens(summary.claimableWei + summary.claimedWei)}
        unit="NZIDIA"
        note={`${count(summary.earnedCount)} ${summary.earnedCount === 1 ? "payment" : "payments"}`}
      />
      <Figure
        name="Claimed"
        value={tokens(summary.claimedWei)}
        unit="NZIDIA"
        note={`${count(summary.claimsCount)} ${summary.claimsCount === 1 ? "claim" : "claims"}`}
      />
      <Figure name="Under way" value={tokens(summary.pendingWei)} unit="NZIDIA" note="accepted, not settled yet" />
      <Figure name="Payout balance" value={tokens(summary.balanceWei)} unit="NZIDIA" note="held by the payout address" />
    </FigureStrip>
  );
}

/** The screen. */
export function EarningsPage() {
  const summary = useSlice("earnings");
  const { phase } = useLinkState();
  const failed = useProblems().earnings !== undefined;
  if (!summary && failed) return null;
  if (!summary) {
    return (
      <Card>
        {phase === "lost" ? (
          <Empty icon="plug" title="No answer yet">
            Earnings appear here as soon as the node answers.
          </Empty>
        ) : (
          <Loading label="Loading earnings" />
        )}
      </Card>
    );
  }
  return (
    <div className="space-y-5">
      <Claim summary={summary} />
      <Figures summary={summary} />
      {summary.earnedCount === 0 ? (
        <Card>
          <Empty icon="earnings" title="Nothing earned yet">
            The first payment starts the chart. A job is paid when its proof has been verified on chain.
          </Empty>
        </Card>
      ) : (
        <>
          <EarningsChart summary={summary} />
          <div className="grid items-start gap-5 xl:grid-cols-2">
            <Ledger
              title="Payments"
              entries={summary.earned}
              total={summary.earnedCount}
              what="settle"
              empty="None yet"
              about={({ jobId }) => (
                <a href={hrefOf({ page: "jobs", jobId })} className="font-mono text-accent underline-offset-4 hover:underline">
                  {shortHex(jobId, 4, 4)}
                </a>
              )}
            />
            <Ledger title="Claims" entries={summary.claims} total={summary.claimsCount} what="claim" empty="Nothing has been claimed yet." />
          </div>
        </>
      )}
    </div>
  );
}
