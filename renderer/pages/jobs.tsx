/** Jobs: the list beside the way of the one that is chosen; the newest unless the owner picks another. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { JobId } from "@zpu/protocol/ids";
import type { ReactNode } from "react";
import { count, duration, tokens } from "../lib/format.ts";
import { jobFigures } from "../lib/job-steps.ts";
import { useLinkState, useMedia, useProblems, useSlice } from "../lib/live.tsx";
import { hrefOf } from "../routes/router.ts";
import { Card, Figure, FigureStrip } from "../ui/card.tsx";
import { Icon } from "../ui/icons.tsx";
import { Empty, Loading } from "../ui/notice.tsx";
import { JobDetail } from "./jobs/job-detail.tsx";
import { JobRow } from "./jobs/job-row.tsx";
import { TheWay } from "./jobs/the-way.tsx";
import { UnknownJob, UnlistedJob } from "./jobs/unlisted-job.tsx";

/** What the address says about a job: its id, or what stands there and is no id. */
interface JobInAddress {
  readonly jobId: JobId | undefined;
  readonly noJobId: string | undefined;
}

function Figures({ jobs }: { jobs: readonly JobView[] }) {
  const figures = jobFigures(jobs);
  return (
    <FigureStrip label="Figures">
      <Figure name="Under way" value={count(figures.open)} {...(figures.open > 0 ? { tone: "text-accent" } : {})} />
      <Figure
        name="Paid"
        value={count(figures.paid)}
        note={figures.unpaidEnds === 0 ? "none ended unpaid" : `${count(figures.unpaidEnds)} ended unpaid`}
      />
      <Figure name="Earned by these jobs" value={tokens(figures.earnedWei)} unit="NZIDIA" tone="text-good" />
      <Figure
        name="Arrival to payment"
        value={figures.medianPaidMs === undefined ? "—" : duration(figures.medianPaidMs)}
        note={figures.medianProveMs === undefined ? "median" : `median, of it ${duration(figures.medianProveMs)} proving`}
      />
    </FigureStrip>
  );
}

function Detail({ jobs, jobId, noJobId }: { jobs: readonly JobView[] } & JobInAddress): ReactNode {
  if (noJobId !== undefined) return <UnknownJob id={noJobId} />;
  const job = jobId === undefined ? jobs[0] : jobs.find((candidate) => candidate.jobId === jobId);
  if (job) return <JobDetail key={job.jobId} job={job} />;
  return jobId === undefined ? null : <UnlistedJob key={jobId} jobId={jobId} />;
}

function List({ jobs, current }: { jobs: readonly JobView[]; current: JobId | undefined }) {
  return (
    <Card title="All jobs" aside={<span className="text-xs text-ink-3">newest first</span>} className="overflow-hidden">
      <ul className="divide-y divide-line border-t border-line mt-1">
        {jobs.map((job) => (
          <JobRow key={job.jobId} job={job} current={job.jobId === current} />
        ))}
      </ul>
    </Card>
  );
}

/** The screen. */
export function JobsPage({ jobId, noJobId }: JobInAddress) {
  const jobs = useSlice("jobs");
  const devnet = useSlice("status")?.chain.devnet === true;
  const { phase } = useLinkState();
  const failed = useProblems().jobs !== undefined;
  const chosen = jobId !== undefined || noJobId !== undefined;
  const beside = useMedia("(min-width: 75rem)");
  if (!jobs && failed) return null;
  if (!jobs)
    return (
      <Card>
        {phase === "lost" ? (
          <Empty icon="plug" title="No answer yet">
            Jobs appear here as soon as the node answers.
          </Empty>
        ) : (
          <Loading label="Loading jobs" />
        )}
      </Card>
    );
  if (jobs.length === 0 && !chosen) {
    return (
      <Card className="overflow-hidden">
        <Empty icon="jobs" title="No job has arrived yet">
          The node is listening. A job shows up here the moment a requestor sends one, and you can follow it to its payment.
          {devnet ? (
            <p className="pt-4">
              <a href={hrefOf({ page: "ask" })} className="font-medium text-accent underline underline-offset-4">
                Ask a digit yourself
              </a>
            </p>
          ) : null}
        </Empty>
        <TheWay />
      </Card>
    );
  }
  if (!beside && chosen) {
    return (
      <>
        <a href={hrefOf({ page: "jobs" })} className="mb-4 inline-flex items-center gap-2 font-medium text-accent">
          <Icon name="back" className="size-4" />
          All jobs
        </a>
        <Detail jobs={jobs} jobId={jobId} noJobId={noJobId} />
      </>
    );
  }
  return (
    <div className="space-y-5">
      <Figures jobs={jobs} />
      {beside ? (
        <div className="grid grid-cols-[minmax(0,21rem)_minmax(0,1fr)] 2xl:grid-cols-[26rem_minmax(0,1fr)] items-start gap-5">
          <List jobs={jobs} current={chosen ? jobId : jobs[0]?.jobId} />
          <div className="sticky top-5">
            <Detail jobs={jobs} jobId={jobId} noJobId={noJobId} />
          </div>
        </div>
      ) : (
        <List jobs={jobs} current={undefined} />
      )}
    </div>
  );
}
