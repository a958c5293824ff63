/** Light or dark: the system's choice until the owner picks one; the pick is kept in localStorage. */
import { createStore, type Store } from "./store.ts";

export type Theme = "light" | "dark";
const KEY = "zpu-theme";

function stored(): Theme | undefined {
  try {
    const value = window.localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined; // Storage may be forbidden; the system's choice then stands.
  }
}

const system = window.matchMedia("(prefers-color-scheme: dark)");
const resolve = (): Theme => stored() ?? (system.matches ? "dark" : "light");
const store = createStore<Theme>(resolve());

function apply(): void {
  store.set(resolve());
  const pick = stored();
  if (pick) document.documentElement.dataset.theme = pick;
  else delete document.documentElement.dataset.theme;
}

/** The theme that is shown now. */
export const theme: Store<Theme> = store;

/** Shows the stored or system theme and follows the system from now on. */
export function startTheme(): void {
  apply();
  system.addEventListener("change", apply);
}

/** Switches between light and dark. Choosing what the system shows anyway hands the choice back to the system. */
export function toggleTheme(): void {
  const next: Theme = store.get() === "dark" ? "light" : "dark";
  const systemTheme: Theme = system.matches ? "dark" : "light";
  try {
    if (next === systemTheme) window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, next);
    apply();
  } catch {
    document.documentElement.dataset.theme = next;
    store.set(next);
  }
}
