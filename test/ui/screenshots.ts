/** Pictures of every screen in every state, over scripted state: `node test/ui/screenshots.ts [NAME]` writes .cache/screenshots. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { buildPage, launchBrowser } from "./browser.ts";
import { busyEarnings, busyJobs, gains, jobAt, longEarnings, picture } from "./fixture.ts";
import { AppPage } from "./pages/app.ts";
import { AskPage } from "./pages/ask.ts";
import { ScriptedNode } from "./scripted-node.ts";
import { startUiServer } from "./server.ts";

const folder = (path: string): string => {
  const whole = fileURLToPath(new URL(`../../${path}/`, import.meta.url));
  mkdirSync(whole, { recursive: true });
  return whole;
};
const CACHE = folder(".cache/screenshots");
const only = process.argv.slice(2);
const SIZES = [
  [1280, 800],
  [400, 800],
  [1600, 1000],
] as const;

async function shoot(page: Page, name: string, theme: string, width: number): Promise<void> {
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${CACHE}${name}-${theme}-${width}.png`, fullPage: width === 400 });
}

/** Draws a three with the mouse, asks, and walks the job it becomes to `until`. */
async function askThree(page: Page, node: ScriptedNode): Promise<void> {
  const ask = new AskPage(page);
  await ask.draw([[0.34, 0.27], [0.45, 0.2], [0.6, 0.22], [0.67, 0.33], [0.6, 0.44], [0.48, 0.49], [0.62, 0.53], [0.69, 0.65], [0.6, 0.78], [0.44, 0.81], [0.33, 0.74]]); // prettier-ignore
  await ask.label(3);
  await ask.askButton.click();
  await ask.journey.waitFor();
  const asked = node.asked.at(-1);
  const seed = { seed: 900 + node.asked.length, label: 3, pixels: Uint8Array.from(asked?.pixels ?? picture(3, 0)) };
  node.arrive(jobAt(seed, "submitting"));
  node.jobs.set(node.jobs.value.map((job, index) => (index === 0 ? { ...job, ...gains(seed).proven } : job)));
  await page.mouse.move(0, 0);
}

buildPage();
const browser = await launchBrowser();
for (const theme of ["light", "dark"] as const) {
  for (const [width, height] of SIZES) {
    const node = new ScriptedNode();
    const server = await startUiServer(node);
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, deviceScaleFactor: 1 });
    const page = await context.newPage();
    const app = new AppPage(page);
    const wanted = (name: string): boolean => only.length === 0 || only.includes(name);
    await app.open(server.url);
    if (wanted("empty")) await shoot(page, "empty", theme, width);
    node.jobs.set(busyJobs());
    node.earnings.set(busyEarnings());
    if (wanted("jobs")) {
      await page.goto(`${server.url}#/jobs/${width === 400 ? "" : (node.jobs.value[2]?.jobId ?? "")}`);
      await shoot(page, "jobs", theme, width);
      await page.goto(`${server.url}#/jobs/${node.jobs.value[4]?.jobId ?? ""}`);
      await shoot(page, "failed", theme, width);
      await page.goto(`${server.url}#/jobs/${node.jobs.value[0]?.jobId ?? ""}`);
      await shoot(page, "running", theme, width);
    }
    if (wanted("earnings")) {
      await app.go("Earnings");
      await shoot(page, "earnings", theme, width);
      node.earnings.set(longEarnings());
      await shoot(page, "earnings-long", theme, width);
      node.earnings.set(busyEarnings());
    }
    if (wanted("ask")) {
      await app.go("Ask a digit");
      await shoot(page, "ask-empty", theme, width);
      await askThree(page, node);
      await shoot(page, "ask", theme, width);
    }
    if (wanted("lost")) {
      server.answer(false);
      await app.lost.waitFor();
      await shoot(page, "lost", theme, width);
    }
    await context.close();
    await server.close();
  }
}
await browser.close();
