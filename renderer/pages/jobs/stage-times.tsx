/** Where the time of a job went: one bar, one line per stage. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { duration } from "../../lib/format.ts";

const STAGES = [
  ["run", "Run", "fill-accent-fill/30 bg-accent-fill/30"],
  ["witness", "Witness", "fill-accent-fill/55 bg-accent-fill/55"],
  ["prove", "Prove", "fill-accent-fill bg-accent-fill"],
  ["verify", "Verify", "fill-ink-2 bg-ink-2"],
  ["settle", "Settle", "fill-line-strong/45 bg-line-strong/45"],
] as const;

/** The stages that have run, in their order, with the share of each. */
export function StageTimes({ stages }: { stages: JobView["stagesMs"] }) {
  const total = STAGES.reduce((sum, [key]) => sum + (stages[key] ?? 0), 0);
  const parts = STAGES.map(([key, name, colour], index) => {
    const ms = stages[key];
    const before = STAGES.slice(0, index).reduce((sum, [earlier]) => sum + (stages[earlier] ?? 0), 0);
    return { key, name, colour, ms, x: total === 0 ? 0 : (before / total) * 100, width: total === 0 || ms === undefined ? 0 : (ms / total) * 100 };
  });
  return (
    <section aria-label="Stage times" className="min-w-0">
      <h3 className="pb-1 text-xs font-medium text-ink-3">Time by stage</h3>
      <svg
        aria-hidden="true"
        viewBox="0 0 100 6"
        preserveAspectRatio="none"
        className="my-1.5 block h-2 w-full overflow-hidden rounded-full bg-sunken"
      >
        {parts.map(({ key, colour, x, width }) => (
          <rect key={key} x={x} y="0" width={width} height="6" className={colour} />
        ))}
      </svg>
      <dl>
        {parts.map(({ key, name, colour, ms }) => (
          <div key={key} className="flex items-center gap-2.5 py-1">
            <span aria-hidden="true" className={`size-2 rounded-full ${ms === undefined ? "bg-line" : colour}`} />
            <dt className={ms === undefined ? "text-ink-3" : ""}>{name}</dt>
            <dd className={`ml-auto ${ms === undefined ? "text-ink-3" : ""}`}>{ms === undefined ? "—" : duration(ms)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
