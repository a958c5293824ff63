/** Hashes and addresses: short to the eye, whole on the clipboard. */
import { useEffect, useState } from "react";
import { shortHex } from "../lib/format.ts";
import { Icon } from "./icons.tsx";

/** `value` shortened, with a button that copies it whole. `what` names it: "transaction", "address". */
export function CopyHex({ value, what, lead = 6, tail = 4 }: { value: string; what: string; lead?: number; tail?: number }) {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), 1_600);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void => {
    navigator.clipboard.writeText(value).then(
      () => setOutcome("copied"),
      () => setOutcome("failed"),
    );
  };
  return (
    <span className="inline-flex items-center gap-1 align-baseline whitespace-nowrap">
      <span title={value} className="font-mono text-[0.8125rem]">
        {shortHex(value, lead, tail)}
      </span>
      <button
        type="button"
        onClick={copy}
        aria-label={`Copy ${what}`}
        title={`Copy ${what}`}
        className="-my-1 inline-flex size-7 items-center justify-center rounded-md text-ink-3 transition-colors duration-150 hover:bg-sunken hover:text-ink"
      >
        <Icon
          name={outcome === "copied" ? "check" : outcome === "failed" ? "cross" : "copy"}
          className={`size-4 ${outcome === "copied" ? "text-good" : ""}`}
        />
      </button>
      <span role="status" className="sr-only">
        {outcome === "copied" ? "Copied" : outcome === "failed" ? "The browser refused the clipboard" : ""}
      </span>
    </span>
  );
}
