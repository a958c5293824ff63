/** Says which part of the node's state cannot be shown, and why, when the node refuses it or sends it in a form that this page cannot read. */
import { useProblems } from "../lib/live.tsx";
import type { Slices } from "../lib/operator.ts";
import { ErrorNotice } from "../ui/notice.tsx";

const NAMES: Record<keyof Slices, string> = {
  status: "The node's present state",
  jobs: "The present list of jobs",
  earnings: "The present earnings",
};

/** Nothing while everything that is watched arrives and fits. */
export function WatchErrors() {
  const problems = useProblems();
  const names = (Object.keys(NAMES) as (keyof Slices)[]).filter((name) => problems[name] !== undefined);
  if (names.length === 0) return null;
  return (
    <div role="alert" data-testid="watch-errors" className="mb-5 space-y-3">
      {names.map((name) => {
        const error = problems[name];
        return error ? (
          <section key={name} aria-label={`${NAMES[name]} cannot be shown`}>
            <p className="pb-1.5 font-medium">{NAMES[name]} cannot be shown.</p>
            <ErrorNotice error={error} />
          </section>
        ) : null;
      })}
    </div>
  );
}
