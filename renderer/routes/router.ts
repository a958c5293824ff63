/** The page's addresses, in the hash: they survive a reload and need nothing from whoever serves the page. */
import { jobId as jobIdSchema, type JobId } from "@zpu/protocol/ids";
import { useEffect, useSyncExternalStore } from "react";

/** A screen; `noJobId` is what stands in the address in the place of a job id and is none. */
export type Route =
  { readonly page: "jobs"; readonly jobId?: JobId; readonly noJobId?: string } | { readonly page: "earnings" } | { readonly page: "ask" };

/** The route of a location hash; an unknown screen is the list of jobs. */
export function parseHash(hash: string): Route {
  const [page, ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (page === "earnings" || page === "ask") return { page };
  const argument = rest.join("/");
  if (page !== "jobs" || argument === "") return { page: "jobs" };
  const id = jobIdSchema.safeParse(argument);
  return id.success ? { page, jobId: id.data } : { page, noJobId: argument };
}

/** The hash of a route, to be used as href. */
export function hrefOf(route: Route): string {
  const argument = route.page === "jobs" ? (route.jobId ?? route.noJobId) : undefined;
  return argument === undefined ? `#/${route.page}` : `#/${route.page}/${argument}`;
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};

/** The route shown now; an address that names no screen is corrected to the one that is shown instead. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  useEffect(() => {
    const own = hrefOf(parseHash(hash));
    if (hash !== "" && hash !== own) window.history.replaceState(window.history.state, "", own);
  }, [hash]);
  return parseHash(hash);
}
