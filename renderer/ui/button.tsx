/** Buttons: one primary per screen, the rest quiet. */
import type { ComponentPropsWithRef, ReactNode } from "react";
import { Icon, Spinner, type IconName } from "./icons.tsx";

const LOOK = {
  primary: "bg-accent-fill text-white hover:enabled:bg-accent-hover disabled:bg-sunken disabled:text-ink-3",
  quiet: "border border-line-strong/40 bg-surface text-ink hover:enabled:border-line-strong hover:enabled:bg-sunken disabled:text-ink-3",
  bare: "text-ink-2 hover:enabled:bg-sunken hover:enabled:text-ink disabled:text-ink-3",
} as const;

/** `busy` shows a turning arc and refuses clicks while the words stay. */
export function Button({
  look = "quiet",
  icon,
  busy = false,
  disabled = false,
  children,
  className = "",
  ...rest
}: ComponentPropsWithRef<"button"> & { look?: keyof typeof LOOK; icon?: IconName; busy?: boolean; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-busy={busy}
      disabled={disabled || busy}
      className={`inline-flex min-h-10 items-center justify-center gap-2 rounded-lg px-4 text-sm font-medium whitespace-nowrap transition-colors duration-150 disabled:cursor-not-allowed ${LOOK[look]} ${className}`}
      {...rest}
    >
      {busy ? <Spinner /> : icon ? <Icon name={icon} className="size-4" /> : null}
      {children}
    </button>
  );
}

/** A square button of an icon alone; `label` is its name. */
export function IconButton({ icon, label, className = "", ...rest }: ComponentPropsWithRef<"button"> & { icon: IconName; label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-ink-2 transition-colors duration-150 hover:bg-sunken hover:text-ink ${className}`}
      {...rest}
    >
      <Icon name={icon} className="size-4.5" />
    </button>
  );
}
