/** The README's pictures, from a real devnet and a real daemon: `node test/ui/documents-pictures.ts` writes docs/screenshots. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sendDigit, whenSlice } from "@zpu/devnet/jobs-run";
import { openRig, whenJob } from "../network/rig.ts";
import { ROOT } from "../stages.ts";
import { buildPage, launchBrowser } from "./browser.ts";
import { AppPage } from "./pages/app.ts";
import { AskPage } from "./pages/ask.ts";
import { JobsPage } from "./pages/jobs.ts";

const JOBS_BEFORE_CLAIM = 6;
const JOBS_AFTER_CLAIM = 5;
const THREE = [[0.34, 0.27], [0.45, 0.2], [0.6, 0.22], [0.67, 0.33], [0.6, 0.44], [0.48, 0.49], [0.62, 0.53], [0.69, 0.65], [0.6, 0.78], [0.44, 0.81], [0.33, 0.74]] as const; // prettier-ignore

const folder = join(ROOT, "docs", "screenshots");
mkdirSync(folder, { recursive: true });
buildPage();
const browser = await launchBrowser();
const rig = await openRig();
const work = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    const { jobId } = await sendDigit(rig);
    await whenJob(rig, jobId, (job) => job.state === "paid", 120_000);
  }
};
try {
  await work(JOBS_BEFORE_CLAIM);
  await rig.provider.operator.earnings.claim({});
  await work(JOBS_AFTER_CLAIM);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  const page = await context.newPage();
  const app = new AppPage(page);
  const { webUrl } = rig.provider;
  if (webUrl === undefined) throw new Error("the daemon printed no address");
  await app.open(webUrl);
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    const shoot = async (name: string): Promise<void> => {
      await page.mouse.move(0, 0);
      await page.waitForTimeout(600);
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    };
    await app.go("Ask a digit");
    const ask = new AskPage(page);
    await ask.draw(THREE);
    await ask.label(3);
    await ask.askButton.click();
    // The digit asked before may still stand there as paid: the new one has to take its place first.
    await page.locator('[data-testid="journey"]:not([data-state="paid"])').waitFor();
    await ask.paid.waitFor({ timeout: 120_000 });
    await shoot("ask");
    await sendDigit(rig);
    await app.go("Jobs");
    await new JobsPage(page).rows.nth(1).click();
    await shoot("jobs");
    await whenSlice(rig.provider.operator.jobs.list, (jobs) => jobs.every((job) => job.state === "paid"), 120_000);
    await app.go("Earnings");
    await shoot("earnings");
  }
} finally {
  await browser.close();
  await rig.close();
}
