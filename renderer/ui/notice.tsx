/** What went wrong and what to do about it, and the states in which there is nothing to show. */
import { describeError, type ErrorRecord } from "@zpu/protocol/errors";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons.tsx";

/** An error as its sentence, its remedy and its code. `live` announces it when it appears. */
export function ErrorNotice({ error, live = false, className = "" }: { error: ErrorRecord; live?: boolean; className?: string }) {
  const { sentence, remedy } = describeError(error);
  return (
    <div {...(live ? { role: "alert" } : {})} className={`flex gap-3 rounded-xl bg-bad-soft px-4 py-3 ${className}`}>
      <Icon name="warn" className="mt-0.5 size-5 text-bad" />
      <div className="min-w-0">
        <p className="font-medium break-words text-bad">{sentence}</p>
        <p className="break-words text-ink-2">{remedy}</p>
        <p className="mt-1 font-mono text-xs text-ink-2">{error.code}</p>
      </div>
    </div>
  );
}

/** Nothing here yet: why, and what comes next. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1 px-6 py-16 text-center">
      <span className="mb-3 inline-flex size-12 items-center justify-center rounded-full bg-sunken text-ink-3">
        <Icon name={icon} className="size-6" />
      </span>
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="max-w-[44ch] text-ink-2">{children}</div>
    </div>
  );
}

/** Grey shapes where content will be; said once to those who listen. */
export function Loading({ label, className = "" }: { label: string; className?: string }) {
  return (
    <div role="status" aria-label={label} className={`animate-breathe space-y-3 p-5 ${className}`}>
      <div className="h-6 w-1/3 rounded-md bg-sunken" />
      <div className="h-4 w-4/5 rounded-md bg-sunken" />
      <div className="h-4 w-3/5 rounded-md bg-sunken" />
      <div className="h-4 w-2/3 rounded-md bg-sunken" />
    </div>
  );
}
