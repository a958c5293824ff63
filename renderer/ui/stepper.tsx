/** A job's way in five steps: whole beside its details, as five short lines in a list. */
import type { Step, StepStatus } from "../lib/job-steps.ts";
import { absolute, clock, duration } from "../lib/format.ts";
import { useNowMs } from "../lib/live.tsx";
import { Icon, Spinner } from "./icons.tsx";

const SAID: Record<StepStatus, string> = {
  done: "done",
  active: "under way",
  waiting: "not yet",
  failed: "stopped here",
  skipped: "will not happen",
};
const MARK: Record<StepStatus, string> = {
  done: "border-good-fill bg-good-fill text-surface",
  active: "border-transparent bg-accent-soft text-accent",
  waiting: "border-line-strong text-transparent",
  failed: "border-bad-fill bg-bad-fill text-surface",
  skipped: "border-dashed border-line-strong text-transparent",
};

function Mark({ status }: { status: StepStatus }) {
  return (
    <span
      className={`inline-flex size-6 shrink-0 items-center justify-center rounded-full border-[1.5px] transition-colors duration-300 ${MARK[status]}`}
    >
      {status === "active" ? <Spinner className="size-5" /> : <Icon name={status === "failed" ? "cross" : "check"} className="size-4" />}
    </span>
  );
}

/** What is going on, and for how long once that is noticeable. */
function Note({ note, sinceMs }: { note: string; sinceMs: number | undefined }) {
  const nowMs = useNowMs();
  const seconds = sinceMs === undefined ? 0 : Math.floor((nowMs - sinceMs) / 1000);
  return (
    <span className="block text-xs text-accent">
      {note}
      {seconds >= 2 && seconds < 600 ? <span aria-hidden="true">{`, ${seconds} s`}</span> : null}
    </span>
  );
}

/** The five steps with marks, notes and times; in a row where there is room, else one below the other. */
export function Stepper({ steps, upright = false }: { steps: readonly Step[]; upright?: boolean }) {
  const row = upright ? "" : "@[26rem]:flex-row @[26rem]:gap-0";
  return (
    <div className="@container">
      <ol aria-label="Progress" className={`flex flex-col ${row}`}>
        {steps.map((step, index) => (
          <li
            key={step.name}
            aria-current={step.status === "active" ? "step" : undefined}
            data-status={step.status}
            className={`relative flex min-w-0 flex-1 gap-3 pb-4 last:pb-0 ${upright ? "" : "@[26rem]:flex-col @[26rem]:gap-2 @[26rem]:pb-0"}`}
          >
            {index < steps.length - 1 ? (
              <span
                aria-hidden="true"
                className={`absolute top-7 bottom-1 left-[11px] w-[2px] rounded-full transition-colors duration-300 ${upright ? "" : "@[26rem]:top-[11px] @[26rem]:right-1.5 @[26rem]:bottom-auto @[26rem]:left-7.5 @[26rem]:h-[2px] @[26rem]:w-auto"} ${step.status === "done" ? "bg-good-fill" : "bg-line"}`}
              />
            ) : null}
            <Mark status={step.status} />
            <span className="min-w-0 pt-px">
              <span className={`block font-medium ${step.status === "waiting" || step.status === "skipped" ? "text-ink-3" : ""}`}>
                {step.title}
                <span className="sr-only">, {SAID[step.status]}</span>
              </span>
              {step.note ? <Note note={step.note} sinceMs={step.sinceMs} /> : null}
              {step.atMs === undefined ? null : (
                <time dateTime={new Date(step.atMs).toISOString()} title={absolute(step.atMs)} className="block text-xs text-ink-3">
                  {step.afterMs === undefined || index === 0 ? clock(step.atMs) : `+${duration(step.afterMs)}`}
                </time>
              )}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The same as five short lines; decoration, the state's word stands beside it. */
export function StepLines({ steps }: { steps: readonly Step[] }) {
  const paid = steps.every(({ status }) => status === "done");
  const colour: Record<StepStatus, string> = {
    done: paid ? "bg-good-fill" : "bg-accent-fill",
    active: "bg-accent-fill/45 animate-breathe",
    waiting: "bg-line",
    failed: "bg-bad-fill",
    skipped: "bg-line",
  };
  return (
    <span aria-hidden="true" className="flex gap-1">
      {steps.map(({ name, status }) => (
        <span key={name} className={`h-[3px] flex-1 rounded-full transition-colors duration-300 ${colour[status]}`} />
      ))}
    </span>
  );
}
