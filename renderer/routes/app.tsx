/** The screens behind their addresses, in one frame. */
import { useEffect, useRef } from "react";
import { AskPage } from "../pages/ask.tsx";
import { EarningsPage } from "../pages/earnings.tsx";
import { JobsPage } from "../pages/jobs.tsx";
import { PageSubline } from "./subline.tsx";
import { Frame } from "./frame.tsx";
import { useRoute, type Route } from "./router.ts";

const TITLES: Record<Route["page"], string> = { jobs: "Jobs", earnings: "Earnings", ask: "Ask a digit" };

/** The whole app. A change of screen moves the focus to its heading and renames the window. */
export function App() {
  const route = useRoute();
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(route.page);
  useEffect(() => {
    document.title = `${TITLES[route.page]} · ZPU`;
    if (shown.current === route.page) return;
    shown.current = route.page;
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [route.page]);
  return (
    <Frame page={route.page} title={TITLES[route.page]} subline={<PageSubline page={route.page} />} headingRef={heading}>
      {route.page === "jobs" ? <JobsPage jobId={route.jobId} noJobId={route.noJobId} /> : route.page === "earnings" ? <EarningsPage /> : <AskPage />}
    </Frame>
  );
}
