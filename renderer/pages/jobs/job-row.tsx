/** One job in the list: what came in, what was answered, how far it is, what it pays. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { shortHex, tokens } from "../../lib/format.ts";
import { FAILED_STATES, jobSteps, stateLabel } from "../../lib/job-steps.ts";
import { useNowMs } from "../../lib/live.tsx";
import { hrefOf } from "../../routes/router.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Digit } from "../../ui/digit.tsx";
import { StepLines } from "../../ui/stepper.tsx";
import { Ago } from "../../ui/time.tsx";

/** The colour of a job's state. */
export function stateTone(state: JobView["state"]): Tone {
  if (state === "paid") return "good";
  if (FAILED_STATES.has(state)) return state === "cancelled" ? "plain" : "bad";
  return "busy";
}

function Answer({ job }: { job: JobView }) {
  if (job.digit === undefined) return <span className="text-ink-3">{FAILED_STATES.has(job.state) ? "No answer" : "No answer yet"}</span>;
  const known = job.label !== undefined;
  return (
    <>
      Answer <strong className="text-base font-semibold">{job.digit}</strong>
      {known ? (
        <span className={job.label === job.digit ? "text-ink-3" : "text-warn"}>
          {job.label === job.digit ? " as labelled" : `, labelled ${job.label}`}
        </span>
      ) : null}
    </>
  );
}

/** A job this young is seen arriving. */
const FRESH_MS = 3_000;

/** A row that leads to the job. */
export function JobRow({ job, current }: { job: JobView; current: boolean }) {
  const fresh = useNowMs() - job.receivedAtMs < FRESH_MS;
  return (
    <li>
      <a
        href={hrefOf({ page: "jobs", jobId: job.jobId })}
        aria-current={current ? "true" : undefined}
        data-job={job.jobId}
        data-state={job.state}
        className={`relative flex ${fresh ? "animate-arrive" : ""} items-center gap-4 px-5 py-3 -outline-offset-2 transition-colors duration-150 ${current ? "bg-accent-soft/60 before:absolute before:inset-y-0 before:left-0 before:w-[3px] before:bg-accent-fill" : "hover:bg-sunken/60"}`}
      >
        <Digit pixels={job.pixels} className="size-13" />
        <span className="min-w-0 flex-1">
          <span className="flex items-center justify-between gap-3">
            <span className="truncate">
              <Answer job={job} />
            </span>
            <Badge tone={stateTone(job.state)}>{stateLabel(job.state)}</Badge>
          </span>
          <span className="flex items-center justify-between gap-3 pt-0.5 text-xs text-ink-3">
            <span className="truncate">
              <span className="font-mono">{shortHex(job.jobId, 4, 4)}</span> · <Ago atMs={job.receivedAtMs} />
            </span>
            <span className={`whitespace-nowrap ${job.state === "paid" ? "font-medium text-good" : ""}`}>
              {FAILED_STATES.has(job.state) ? "not paid" : `${job.state === "paid" ? "+" : ""}${tokens(job.priceWei)} NZIDIA`}
            </span>
          </span>
          <span className="block pt-2">
            <StepLines steps={jobSteps(job)} />
          </span>
        </span>
      </a>
    </li>
  );
}
