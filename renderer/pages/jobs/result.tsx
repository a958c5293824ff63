/** Input and answer side by side, with the ten scores the answer was picked from. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { count } from "../../lib/format.ts";
import { FAILED_STATES } from "../../lib/job-steps.ts";
import { Icon } from "../../ui/icons.tsx";
import { Digit } from "../../ui/digit.tsx";

/** Ten scores as bars from a common zero; the highest is the answer. */
export function Logits({ logits, digit }: { logits: readonly number[]; digit: number | undefined }) {
  const low = Math.min(0, ...logits);
  const high = Math.max(0, ...logits);
  const span = Math.max(1, high - low);
  const zero = (-low / span) * 100;
  return (
    <table className="w-full text-xs">
      <caption className="pb-1.5 text-left font-medium text-ink-3">Scores of the ten digits</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Digit</th>
          <th scope="col">Bar</th>
          <th scope="col">Score</th>
        </tr>
      </thead>
      <tbody>
        {logits.map((score, index) => {
          const best = index === digit;
          const width = (Math.abs(score) / span) * 100;
          return (
            <tr key={index} className={best ? "font-semibold text-ink" : "text-ink-2"}>
              <th scope="row" className="w-4 py-px pr-2 text-left font-inherit">
                {index}
              </th>
              <td className="py-px">
                <svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none" className="block h-2.5 w-full">
                  <rect
                    x={score < 0 ? zero - width : zero}
                    y="1"
                    width={width}
                    height="8"
                    className={best ? "fill-accent-fill" : "fill-line-strong/50"}
                  />
                  <rect x={Math.min(zero, 99.6)} y="0" width="0.4" height="10" className="fill-line-strong" />
                </svg>
              </td>
              <td className="w-16 py-px pl-3 text-right">{count(score)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Verdict({ job }: { job: JobView }) {
  if (job.digit === undefined)
    return <p className="pt-1 text-ink-3">{FAILED_STATES.has(job.state) ? "This job ended without one." : "Appears when the model has run."}</p>;
  if (job.label === undefined) return <p className="pt-1 text-ink-3">No label was sent along.</p>;
  const same = job.label === job.digit;
  return (
    <p className={`flex items-center gap-1.5 pt-1 ${same ? "text-good" : "text-warn"}`}>
      <Icon name={same ? "check" : "warn"} className="size-4" />
      {same ? `Labelled ${job.label} too` : `Labelled ${job.label}: misclassified`}
    </p>
  );
}

/** What came in, what came out. */
export function Result({ job }: { job: JobView }) {
  return (
    <div className="grid items-start gap-x-8 gap-y-5 px-5 py-5 @lg:grid-cols-[auto_auto_minmax(0,1fr)] grid-cols-[auto_minmax(0,1fr)]">
      <figure>
        <figcaption className="pb-1.5 text-xs font-medium text-ink-3">Input</figcaption>
        <Digit
          pixels={job.pixels}
          crisp
          label={job.pixels ? "The digit that was sent, 28 by 28 pixels" : "The input is not opened yet"}
          className="size-36 @2xl:size-46"
        />
      </figure>
      <section aria-label="Answer" className="min-w-28 @lg:max-w-40">
        <h3 className="text-xs font-medium text-ink-3">Answer</h3>
        <p
          data-testid="answer"
          className={`text-[5.5rem] leading-[1.05] font-semibold tracking-tighter ${job.digit === undefined ? "text-line-strong" : ""}`}
        >
          {job.digit ?? "–"}
        </p>
        <Verdict job={job} />
      </section>
      {job.logits ? (
        <div className="col-span-2 @lg:col-span-1">
          <Logits logits={job.logits} digit={job.digit} />
        </div>
      ) : null}
    </div>
  );
}
