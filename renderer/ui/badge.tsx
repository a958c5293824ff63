/** A word with a colour that means something: green is money or verified, blue is under way, amber wants attention, red failed. */
import type { ReactNode } from "react";

const TONES = {
  good: "bg-good-soft text-good",
  busy: "bg-accent-soft text-accent",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  plain: "bg-sunken text-ink-2",
} as const;
export type Tone = keyof typeof TONES;

/** A short word on a tinted ground; never the only carrier of a meaning, the word says it too. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}

const DOTS = { good: "bg-good-fill", busy: "bg-accent-fill", warn: "bg-warn", bad: "bg-bad-fill", plain: "bg-line-strong" } as const;

/** A dot beside words that say the same. */
export function Dot({ tone, live = false }: { tone: Tone; live?: boolean }) {
  return <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${DOTS[tone]} ${live ? "animate-breathe" : ""}`} />;
}
