/** The digit that was asked, on its way: the job's steps as they happen, the answer when it comes, the pay at the end. */
import { useEffect, useRef } from "react";
import { duration, money } from "../../lib/format.ts";
import type { Asked } from "../../lib/asked.ts";
import { FAILED_STATES, jobSteps, paidAfterMs, stateLabel } from "../../lib/job-steps.ts";
import { useNowMs, useSlice } from "../../lib/live.tsx";
import { hrefOf } from "../../routes/router.ts";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { CopyHex } from "../../ui/copy.tsx";
import { Digit } from "../../ui/digit.tsx";
import { Icon, Spinner } from "../../ui/icons.tsx";
import { Empty, ErrorNotice } from "../../ui/notice.tsx";
import { Stepper } from "../../ui/stepper.tsx";
import { stateTone } from "../jobs/job-row.tsx";
import { Logits } from "../jobs/result.tsx";

/** Before anything was asked. */
export function NoJourney() {
  return (
    <Card className="h-full">
      <Empty icon="ask" title="Your digit's way appears here">
        A requestor on the devnet pays for the answer in escrow. Your node runs the model, proves the answer in zero knowledge, and is paid once the
        chain has verified the proof.
      </Empty>
    </Card>
  );
}

/** The way of `asked`. */
export function Journey({ asked }: { asked: Asked }) {
  const nowMs = useNowMs();
  const job = useSlice("jobs")?.find(({ jobId }) => jobId === asked.jobId);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In a narrow window the way begins below the pad: lead the eye there, but only right after asking.
    if (Date.now() - asked.atMs < 1_000 && window.matchMedia("(max-width: 79.99rem)").matches) place.current?.scrollIntoView({ block: "start" });
  }, [asked.atMs]);
  const paidMs = job ? paidAfterMs(job) : undefined;
  const ended = job !== undefined && FAILED_STATES.has(job.state);
  return (
    <Card
      title={paidMs !== undefined ? "Done" : ended ? "Ended" : "On its way"}
      aside={job ? <Badge tone={stateTone(job.state)}>{stateLabel(job.state)}</Badge> : <Badge tone="busy">Sent</Badge>}
    >
      <div ref={place} data-testid="journey" data-state={job?.state ?? "sent"} className="scroll-mt-16 space-y-5 px-5 pt-3 pb-5">
        <div className="flex items-center gap-6 rounded-xl bg-sunken p-5">
          <Digit pixels={job?.pixels ?? asked.pixels} crisp label="The digit you asked about" className="size-28" />
          <Icon name="back" className="size-6 rotate-180 text-ink-3" />
          <div aria-live="polite" className="min-w-0">
            {job?.digit === undefined ? (
              <p className="flex items-center gap-2.5 text-ink-2">
                {ended ? (
                  "Ended without an answer"
                ) : (
                  <>
                    <Spinner className="size-5" /> {job ? "Waiting for the answer" : "Waiting for the job to arrive"}
                  </>
                )}
              </p>
            ) : (
              <>
                <p className="text-xs font-medium text-ink-3">The model reads</p>
                <p data-testid="answer" className="animate-arrive text-[5rem] leading-none font-semibold tracking-tighter">
                  {job.digit}
                </p>
                {asked.label === undefined ? null : (
                  <p className={asked.label === job.digit ? "text-good" : "text-warn"}>
                    {asked.label === job.digit ? "as you said" : `you said ${asked.label}`}
                  </p>
                )}
              </>
            )}
          </div>
        </div>
        {job?.error ? <ErrorNotice error={job.error} live /> : null}
        <Stepper steps={jobSteps(job ?? { state: "offered", events: [] })} upright />
        {paidMs === undefined || !job ? null : (
          <p data-testid="paid" className="flex animate-arrive flex-wrap items-center gap-x-2 gap-y-1 rounded-xl bg-good-soft px-4 py-3 text-good">
            <Icon name="check" className="size-5" />
            <strong className="font-semibold">{money(job.priceWei)} earned</strong>
            <span>{duration(paidMs)} after it arrived</span>
          </p>
        )}
        {job?.logits ? <Logits logits={job.logits} digit={job.digit} /> : null}
        <p className="flex flex-wrap items-center gap-x-5 gap-y-2 border-t border-line pt-4">
          <a href={hrefOf({ page: "jobs", jobId: asked.jobId })} className="font-medium text-accent underline-offset-4 hover:underline">
            Open the job
          </a>
          <a
            href={asked.proofUrl}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center gap-1.5 font-medium text-accent underline-offset-4 hover:underline"
          >
            Evidence <Icon name="out" className="size-4" />
            <span className="sr-only">(opens a new tab)</span>
          </a>
          <span className="ml-auto text-xs text-ink-3">
            {job ? <CopyHex value={asked.jobId} what="job id" lead={4} /> : `sent ${duration(Math.max(0, nowMs - asked.atMs))} ago`}
          </span>
        </p>
      </div>
    </Card>
  );
}
