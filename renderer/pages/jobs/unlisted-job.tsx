/** A job in the address that is not in the list: an older one that the node still knows, or none of its jobs at all. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import type { JobId } from "@zpu/protocol/ids";
import { useEffect, useState } from "react";
import { useLink, useLinkState } from "../../lib/live.tsx";
import { hrefOf } from "../../routes/router.ts";
import { Card } from "../../ui/card.tsx";
import { Empty, ErrorNotice, Loading } from "../../ui/notice.tsx";
import { JobDetail } from "./job-detail.tsx";

/** Says that the node knows no job by what stands in the address; `id` is shown as it stands there. */
export function UnknownJob({ id }: { id: string }) {
  return (
    <Card>
      <div role="alert" data-testid="job-unknown">
        <Empty icon="jobs" title="This node knows no such job">
          <p className="font-mono text-[0.8125rem] break-all">{id.length > 140 ? `${id.slice(0, 140)}…` : id}</p>
          <p className="pt-2">The address may be cut short, or the job went to another node.</p>
          <p className="pt-4">
            <a href={hrefOf({ page: "jobs" })} className="font-medium text-accent underline underline-offset-4">
              Show all jobs
            </a>
          </p>
        </Empty>
      </div>
    </Card>
  );
}

/** The job as the node tells it when it is asked: only the newest jobs are listed, the others are kept all the same. */
export function UnlistedJob({ jobId }: { jobId: JobId }) {
  const link = useLink();
  const { phase } = useLinkState();
  const [job, setJob] = useState<JobView>();
  const [error, setError] = useState<ErrorRecord>();
  useEffect(() => {
    if (phase !== "connected") return;
    let current = true;
    link
      .client()
      .jobs.get({ jobId })
      .then(
        (found) => {
          if (!current) return;
          setJob(found);
          setError(undefined);
        },
        (failure: unknown) => {
          if (current) setError(ZpuError.wrap(failure).toRecord());
        },
      );
    return () => {
      current = false;
    };
  }, [link, jobId, phase]);
  if (job) return <JobDetail job={job} />;
  if (error?.code === "JOB_UNKNOWN") return <UnknownJob id={jobId} />;
  if (error) return <ErrorNotice error={error} live />;
  return (
    <Card>
      <Loading label="Loading the job" />
    </Card>
  );
}
