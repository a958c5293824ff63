/** The page's addresses, in the hash: they survive a reload and need nothing from whoever serves the page. */
import { jobId as jobIdSchema, type JobId } from "@zpu/protocol/ids";
import { useSyncExternalStore } from "react";

export type Route = { readonly page: "jobs"; readonly jobId?: JobId } | { readonly page: "earnings" } | { readonly page: "ask" };

/** The route of a location hash; anything unknown is the list of jobs. */
export function parseHash(hash: string): Route {
  const [page, argument] = hash.replace(/^#\/?/, "").split("/");
  if (page === "earnings" || page === "ask") return { page };
  const id = jobIdSchema.safeParse(argument);
  return id.success ? { page: "jobs", jobId: id.data } : { page: "jobs" };
}

/** The hash of a route, to be used as href. */
export function hrefOf(route: Route): string {
  return route.page === "jobs" && route.jobId !== undefined ? `#/jobs/${route.jobId}` : `#/${route.page}`;
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};

/** The route shown now. */
export function useRoute(): Route {
  return parseHash(useSyncExternalStore(subscribe, () => window.location.hash));
}
