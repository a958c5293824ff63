/** React's view of the link: hooks that re-render when a slice, the connection or the clock moves. */
import { createContext, useContext, useSyncExternalStore, type ReactNode } from "react";
import type { LinkState, OperatorLink, Problems, Slices } from "./operator.ts";
import { createStore, type Store } from "./store.ts";

const LinkContext = createContext<OperatorLink | undefined>(undefined);

/** Gives the screens beneath it their link. */
export function LinkProvider({ link, children }: { link: OperatorLink; children: ReactNode }) {
  return <LinkContext value={link}>{children}</LinkContext>;
}

/** The link; only inside LinkProvider. */
export function useLink(): OperatorLink {
  const link = useContext(LinkContext);
  if (!link) throw new Error("no LinkProvider above");
  return link;
}

/** The value of a store, re-rendering on change. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** A slice of the node's state: undefined until the first value, then live (stale while the link is lost). */
export function useSlice<K extends keyof Slices>(name: K): Slices[K] | undefined {
  const store: Store<Slices[K] | undefined> = useLink().slices[name];
  return useStore(store);
}

/** Whether the node answers. */
export function useLinkState(): LinkState {
  return useStore(useLink().state);
}

/** What keeps slices from being shown; empty while all is well. */
export function useProblems(): Problems {
  return useStore(useLink().problems);
}

const now = createStore(Date.now(), () => {
  now.set(Date.now());
  const timer = setInterval(() => now.set(Date.now()), 1_000);
  return () => clearInterval(timer);
});

/** Unix ms, moving once a second. */
export function useNowMs(): number {
  return useStore(now);
}

/** Whether a media query holds, live. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}
