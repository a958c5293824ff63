/** One quiet sentence beside each screen's name, from the node's own state. */
import { money } from "../lib/format.ts";
import { useSlice } from "../lib/live.tsx";
import type { Route } from "./router.ts";

/** What the screen is about, now. */
export function PageSubline({ page }: { page: Route["page"] }) {
  const status = useSlice("status");
  const offering = status?.offerings[0];
  if (page === "earnings") return <p className="text-ink-3">A job is paid when the chain has verified its proof</p>;
  if (page === "ask") return <p className="text-ink-3">A requestor on the devnet pays your node for the answer</p>;
  if (!offering) return null;
  return (
    <p className="text-ink-3">
      Offering <span className="text-ink-2">{offering.name}</span> at <span className="text-ink-2">{money(offering.priceWei)}</span> a job
    </p>
  );
}
