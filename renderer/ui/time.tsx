/** Times: relative to the eye, absolute in the title. */
import { absolute, ago } from "../lib/format.ts";
import { useNowMs } from "../lib/live.tsx";

/** "12 s ago", with date and time as title and in the markup. */
export function Ago({ atMs, className = "" }: { atMs: number; className?: string }) {
  const nowMs = useNowMs();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={absolute(atMs)} className={`whitespace-nowrap ${className}`}>
      {ago(atMs, nowMs)}
    </time>
  );
}
