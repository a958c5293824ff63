/** Surfaces and the small type that labels them. */
import type { ReactNode } from "react";

/** A surface; with `title` it is a labelled section. */
export function Card({ title, aside, children, className = "" }: { title?: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section {...(title ? { "aria-label": title } : {})} className={`min-w-0 rounded-2xl border border-line bg-surface shadow-card ${className}`}>
      {title ? (
        <header className="flex min-h-13 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 pt-3">
          <h2 className="text-sm font-semibold">{title}</h2>
          {aside}
        </header>
      ) : null}
      {children}
    </section>
  );
}

/** One figure with its name; `note` says what it counts. */
export function Figure({ name, value, unit, note, tone = "" }: { name: string; value: string; unit?: string; note?: string; tone?: string }) {
  return (
    <div className="min-w-0 px-5 py-4">
      <dt className="text-xs font-medium text-ink-3">{name}</dt>
      <dd className={`mt-1 truncate text-xl leading-7 font-semibold tracking-tight ${tone}`}>
        {value}
        {unit ? <span className="ml-1.5 text-xs font-medium tracking-normal text-ink-3">{unit}</span> : null}
      </dd>
      {note ? <dd className="text-xs leading-4 text-ink-3">{note}</dd> : null}
    </div>
  );
}

/** Figures side by side with hairlines between them. */
export function FigureStrip({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section aria-label={label} className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
      <dl className="grid grid-cols-2 gap-px bg-line sm:grid-cols-4 [&>div]:bg-surface">{children}</dl>
    </section>
  );
}

/** A name and its value in a list of facts. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-baseline justify-between gap-4 py-1.5">
      <dt className="shrink-0 text-ink-3">{name}</dt>
      <dd className="min-w-0 text-right break-words">{children}</dd>
    </div>
  );
}
