/** One job whole: its way, its answer, its times, its transactions, its receipt. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { EvidenceKind } from "@zpu/protocol/job";
import { absolute, clock, money } from "../../lib/format.ts";
import { jobSteps, stateLabel } from "../../lib/job-steps.ts";
import { Badge } from "../../ui/badge.tsx";
import { Card, Fact } from "../../ui/card.tsx";
import { CopyHex } from "../../ui/copy.tsx";
import { Icon } from "../../ui/icons.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { Stepper } from "../../ui/stepper.tsx";
import { Ago } from "../../ui/time.tsx";
import { stateTone } from "./job-row.tsx";
import { Result } from "./result.tsx";
import { StageTimes } from "./stage-times.tsx";

const EVIDENCE: Record<EvidenceKind, string> = {
  zk: "Zero-knowledge proof",
  audited: "Audited sample",
  replicated: "Replicated run",
  receipt: "Signed receipt",
};

const TX_NAMES: Partial<Record<JobView["state"], string>> = {
  accepted: "Accepted",
  accepting: "Accept",
  submitting: "Prove",
  verified: "Verified",
  settling: "Settle",
  paid: "Paid",
};

/** Each transaction once, under the last state that names it. */
function transactionsOf(job: JobView): { name: string; tx: string; atMs: number }[] {
  const byHash = new Map<string, { name: string; tx: string; atMs: number }>();
  for (const { state, tx, atMs } of job.events) if (tx !== undefined) byHash.set(tx, { name: TX_NAMES[state] ?? stateLabel(state), tx, atMs });
  return [...byHash.values()];
}

function Transactions({ job }: { job: JobView }) {
  const transactions = transactionsOf(job);
  return (
    <section aria-label="Transactions" className="min-w-0">
      <h3 className="pb-1 text-xs font-medium text-ink-3">Transactions</h3>
      {transactions.length === 0 ? <p className="py-1.5 text-ink-3">None yet</p> : null}
      <ul className="divide-y divide-line">
        {transactions.map(({ name, tx, atMs }) => (
          <li key={tx} className="flex items-center justify-between gap-3 py-1.5">
            <span title={absolute(atMs)}>{name}</span>
            <CopyHex value={tx} what={`${name.toLowerCase()} transaction`} lead={6} tail={6} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Receipt({ job }: { job: JobView }) {
  return (
    <section aria-label="Receipt" className="px-5 py-4">
      <h3 className="pb-1 text-xs font-medium text-ink-3">Receipt and terms</h3>
      <dl className="gap-x-10 text-[0.8125rem] @2xl:columns-2 [&>div]:break-inside-avoid">
        <Fact name="Engine">
          {job.receipt ? <span className="font-mono text-xs">{job.receipt.engine}</span> : <span className="text-ink-3">not signed yet</span>}
        </Fact>
        <Fact name="Profile">
          {job.receipt ? <span className="font-mono text-xs">{job.receipt.profile}</span> : <span className="text-ink-3">not signed yet</span>}
        </Fact>
        <Fact name="Countersigned">
          {job.receipt ? job.receipt.countersigned ? "by the requestor" : "not yet" : <span className="text-ink-3">not yet</span>}
        </Fact>
        <Fact name="Evidence">{EVIDENCE[job.evidence]}</Fact>
        <Fact name="Requestor">
          <CopyHex value={job.requestor} what="requestor address" lead={4} />
        </Fact>
        <Fact name="Model id">
          <CopyHex value={job.modelId} what="model id" lead={4} />
        </Fact>
        {job.outputCommitment ? (
          <Fact name="Output commitment">
            <CopyHex value={job.outputCommitment} what="output commitment" lead={4} />
          </Fact>
        ) : null}
        <Fact name="Deadline">
          <time dateTime={new Date(job.deadlineMs).toISOString()}>{absolute(job.deadlineMs)}</time>
        </Fact>
      </dl>
    </section>
  );
}

function History({ job }: { job: JobView }) {
  return (
    <details className="group px-5 py-3">
      <summary className="flex list-none items-center gap-2 rounded-md py-1 text-xs font-medium text-ink-3">
        <Icon name="down" className="size-4 -rotate-90 transition-transform duration-150 group-open:rotate-0" />
        History, {job.events.length} {job.events.length === 1 ? "entry" : "entries"}
      </summary>
      <ol className="pt-1 text-[0.8125rem]">
        {job.events.map((event, index) => (
          <li key={`${event.state}-${index}`} className="flex items-baseline gap-4 py-1">
            <time dateTime={new Date(event.atMs).toISOString()} title={absolute(event.atMs)} className="font-mono text-xs text-ink-3">
              {clock(event.atMs)}
            </time>
            <span>{stateLabel(event.state)}</span>
            <span className="ml-auto text-xs text-ink-3">
              {index === 0 ? "" : `+${Math.round(event.atMs - (job.events[index - 1]?.atMs ?? event.atMs))} ms`}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** The panel of one job. */
export function JobDetail({ job }: { job: JobView }) {
  return (
    <Card className="@container">
      <article aria-label={`Job ${job.jobId}`} data-testid="job-detail" data-state={job.state} className="divide-y divide-line">
        <header className="px-5 py-4">
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <h2 className="flex items-baseline gap-2 text-base font-semibold">
              Job <CopyHex value={job.jobId} what="job id" lead={6} tail={6} />
            </h2>
            <Badge tone={stateTone(job.state)}>{stateLabel(job.state)}</Badge>
          </div>
          <p className="pt-0.5 text-ink-3">
            {job.modelName} · <span className="text-ink-2">{money(job.priceWei)}</span> · received <Ago atMs={job.receivedAtMs} />
          </p>
        </header>
        <div className="space-y-4 px-5 py-5">
          {job.error ? <ErrorNotice error={job.error} /> : null}
          <Stepper steps={jobSteps(job)} />
        </div>
        <Result job={job} />
        <div className="grid gap-x-10 gap-y-5 px-5 py-4 @lg:grid-cols-2">
          <StageTimes stages={job.stagesMs} />
          <Transactions job={job} />
        </div>
        <Receipt job={job} />
        <History job={job} />
      </article>
    </Card>
  );
}
