/** Says that the node does not answer, what that means for what is on the screen, and when it is tried again. */
import { useLink, useLinkState, useNowMs, useSlice } from "../lib/live.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";

/** Nothing while the node answers. */
export function ConnectionBanner() {
  const link = useLink();
  const { phase, failures, retryAtMs } = useLinkState();
  const known = useSlice("status") !== undefined;
  const nowMs = useNowMs();
  const seconds = retryAtMs === undefined ? 0 : Math.ceil((retryAtMs - nowMs) / 1000);
  return (
    <div role="status" className="sticky top-0 z-10">
      {phase === "lost" ? (
        <div
          data-testid="connection-lost"
          className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-warn-soft px-4 py-2.5 sm:px-6 lg:px-10"
        >
          <Icon name="plug" className="size-5 text-warn" />
          <p className="min-w-0 flex-1 text-ink">
            <strong className="font-semibold">The node does not answer.</strong>{" "}
            {known ? "What you see is the last known state; jobs go on without this page." : "If it was restarted, open the address it printed."}
            <span className="text-ink-2" aria-hidden="true">
              {seconds > 0 ? ` Trying again in ${seconds} s` : " Trying again"}
              {failures > 1 ? ` (attempt ${failures + 1}).` : "."}
            </span>
          </p>
          <Button onClick={() => link.retryNow()}>Try now</Button>
        </div>
      ) : null}
    </div>
  );
}
