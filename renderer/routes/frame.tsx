/** What stays while screens change: name, navigation, the node's state, the theme. */
import type { ReactNode, Ref } from "react";
import { useMedia, useSlice, useStore } from "../lib/live.tsx";
import { theme, toggleTheme } from "../lib/theme.ts";
import { Badge } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { NodePanel, NodePill } from "./node-panel.tsx";
import { hrefOf, type Route } from "./router.ts";
import { WatchErrors } from "./watch-errors.tsx";

const NAV: readonly { page: Route["page"]; title: string; icon: IconName }[] = [
  { page: "jobs", title: "Jobs", icon: "jobs" },
  { page: "earnings", title: "Earnings", icon: "earnings" },
  { page: "ask", title: "Ask a digit", icon: "ask" },
];

function Wordmark() {
  return (
    <span className="flex items-center gap-2.5">
      <svg aria-hidden="true" viewBox="0 0 32 32" className="size-7 rounded-lg">
        <rect width="32" height="32" fill="#12203a" />
        <path d="M9 9.5h14L9 22.5h14" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
        <circle cx="23" cy="22.5" r="3" fill="#3ddc97" />
      </svg>
      <span className="text-lg font-semibold tracking-tight">ZPU</span>
      <span className="text-ink-3">Provider</span>
    </span>
  );
}

function ThemeButton() {
  const dark = useStore(theme) === "dark";
  return <IconButton icon={dark ? "sun" : "moon"} label={dark ? "Light theme" : "Dark theme"} onClick={toggleTheme} />;
}

function Navigation({ page }: { page: Route["page"] }) {
  return (
    <nav
      aria-label="Screens"
      className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:static lg:mt-8 lg:border-0 lg:bg-transparent lg:p-0"
    >
      <ul className="flex lg:flex-col lg:gap-1">
        {NAV.map((item) => (
          <li key={item.page} className="flex-1">
            <a
              href={hrefOf({ page: item.page })}
              aria-current={item.page === page ? "page" : undefined}
              className={`flex flex-col items-center gap-1 py-2 text-xs font-medium transition-colors duration-150 lg:flex-row lg:gap-3 lg:rounded-lg lg:px-3 lg:py-2.5 lg:text-sm ${item.page === page ? "text-accent lg:bg-accent-soft" : "text-ink-2 hover:text-ink lg:hover:bg-sunken"}`}
            >
              <Icon name={item.icon} />
              {item.title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The frame around a screen. */
export function Frame({
  page,
  title,
  subline,
  headingRef,
  children,
}: {
  page: Route["page"];
  title: string;
  subline: ReactNode;
  headingRef: Ref<HTMLHeadingElement>;
  children: ReactNode;
}) {
  const wide = useMedia("(min-width: 64rem)");
  const devnet = useSlice("status")?.chain.devnet === true;
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[17rem_minmax(0,1fr)]">
      <a
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-40 focus:rounded-lg focus:bg-accent-fill focus:px-4 focus:py-2 focus:text-white"
      >
        Skip to the content
      </a>
      <header className="border-b border-line bg-surface px-4 py-3 lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:overflow-y-auto lg:border-r lg:border-b-0 lg:px-5 lg:py-6">
        <div className="flex items-center gap-3">
          <Wordmark />
          {devnet ? <Badge tone="warn">Devnet</Badge> : null}
          {wide ? null : (
            <div className="ml-auto flex items-center gap-1">
              <ThemeButton />
            </div>
          )}
        </div>
        <Navigation page={page} />
        {wide ? (
          <div className="mt-auto pt-8">
            <NodePanel aside={<ThemeButton />} />
          </div>
        ) : (
          <NodePill />
        )}
      </header>
      <div className="min-w-0">
        <ConnectionBanner />
        <main id="main" tabIndex={-1} className="mx-auto max-w-[84rem] px-4 pt-6 pb-28 outline-none sm:px-6 lg:px-10 lg:pt-9 lg:pb-16">
          <div className="mb-6 flex flex-wrap items-baseline justify-between gap-x-6">
            <h1 ref={headingRef} tabIndex={-1} className="text-[1.75rem] leading-9 font-semibold tracking-[-0.022em]">
              {title}
            </h1>
            {subline}
          </div>
          <WatchErrors />
          {children}
        </main>
      </div>
    </div>
  );
}
