/** A page over a scripted node, with everything that went wrong in it: errors, console messages, violated policies. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright";
import { AppPage } from "./pages/app.ts";
import { AskPage } from "./pages/ask.ts";
import { EarningsPage } from "./pages/earnings.ts";
import { JobsPage } from "./pages/jobs.ts";
import { ScriptedNode } from "./scripted-node.ts";
import { startUiServer, type UiServer } from "./server.ts";

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly motion?: "reduce" | "no-preference";
  readonly touch?: boolean;
}

export interface Session {
  readonly node: ScriptedNode;
  readonly server: UiServer;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly app: AppPage;
  readonly jobs: JobsPage;
  readonly earnings: EarningsPage;
  readonly ask: AskPage;
  /** Page errors, console errors and warnings, CSP and Trusted Types violations so far. */
  readonly problems: string[];
  close(): Promise<void>;
}

/** Opens a page of the given looks; `prepare` sets the node's state before the page asks for it. */
export async function openSession(browser: Browser, view: View = {}, prepare: (node: ScriptedNode) => void = () => undefined): Promise<Session> {
  const node = new ScriptedNode();
  prepare(node);
  const server = await startUiServer(node);
  const context = await browser.newContext({
    viewport: { width: view.width ?? 1280, height: view.height ?? 800 },
    colorScheme: view.theme ?? "light",
    reducedMotion: view.motion ?? "reduce",
    hasTouch: view.touch ?? false,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    // Chromium itself reports a refused WebSocket; the tests that cut the connection expect that.
    if ((message.type() === "error" || message.type() === "warning") && !message.text().includes("WebSocket connection to"))
      problems.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => problems.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { reportViolation(text: string): void }).reportViolation(
        `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`,
      );
    });
  });
  const app = new AppPage(page);
  await app.open(server.url);
  return {
    node,
    server,
    context,
    page,
    app,
    jobs: new JobsPage(page),
    earnings: new EarningsPage(page),
    ask: new AskPage(page),
    problems,
    async close() {
      await context.close();
      await server.close();
    },
  };
}

/** What axe finds against WCAG 2.2 A and AA and its best practices, in words. */
export async function axeFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(" ")} (${failureSummary?.replace(/\s+/g, " ") ?? ""})`),
  );
}

/** By how many CSS pixels the page is wider than its window. */
export const overflowPx = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
