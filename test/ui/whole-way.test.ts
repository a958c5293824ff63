/** The owner's way with nothing scripted: a real devnet, a real daemon and its own pages; a digit is drawn, proven, paid and claimed by clicks. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRig, whenJob, type Rig } from "../network/rig.ts";
import { ROOT } from "../stages.ts";
import { buildPage, launchBrowser } from "./browser.ts";
import { AppPage } from "./pages/app.ts";
import { AskPage } from "./pages/ask.ts";
import { EarningsPage } from "./pages/earnings.ts";
import { JobsPage } from "./pages/jobs.ts";
import { axeFindings } from "./session.ts";

const LIMIT_MS = 90_000;
/** A seven as a hand draws it, in parts of the pad. */
const SEVEN = [[0.28, 0.25], [0.72, 0.25], [0.6, 0.5], [0.48, 0.8]] as const; // prettier-ignore

let rig: Rig;
let browser: Browser;
beforeAll(async () => {
  buildPage();
  browser = await launchBrowser();
  rig = await openRig();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await rig.close();
});

const shot = async (page: Page, name: string): Promise<void> => {
  const folder = join(ROOT, ".cache", "screenshots", "real");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
};

test("a digit drawn on the page comes back answered, proven and paid, and the claim moves the money", { timeout: 240_000 }, async () => {
  const { webUrl } = rig.provider;
  if (webUrl === undefined) throw new Error("the daemon printed no address");
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  const outside: string[] = [];
  page.on("request", (request) => !/^(http|ws):\/\/127\.0\.0\.1:/.test(request.url()) && outside.push(request.url()));
  const app = new AppPage(page);
  await app.open(webUrl);
  expect(page.url()).not.toContain("token");

  await app.go("Ask a digit");
  const ask = new AskPage(page);
  await ask.draw(SEVEN);
  await ask.label(7);
  await ask.askButton.click();
  await ask.paid.waitFor({ timeout: LIMIT_MS });
  await shot(page, "ask");
  const answer = /\d/.exec(await ask.answer.innerText())?.[0];

  await app.go("Jobs");
  const jobs = new JobsPage(page);
  const jobId = (await jobs.rows.first().getAttribute("data-job")) ?? "";
  await jobs.rows.first().click();
  expect(await jobs.steps()).toEqual(["done", "done", "done", "done", "done"]);
  expect(await jobs.transactions.count()).toBeGreaterThanOrEqual(3);
  const view = await whenJob(rig, jobId, (job) => job.state === "paid");
  expect(String(view.digit)).toBe(answer);
  expect(view.label).toBe(7);
  await shot(page, "jobs");

  await app.go("Earnings");
  const earnings = new EarningsPage(page);
  expect(await earnings.claimable.innerText()).toMatch(/^2(?!\d)/);
  await earnings.claimButton.click();
  await earnings.claims.first().waitFor({ timeout: LIMIT_MS });
  expect(await earnings.figure("Payout balance")).toMatch(/^2(?!\d)/);
  await shot(page, "earnings");
  expect(await axeFindings(page)).toEqual([]);
  expect(problems).toEqual([]);
  expect(outside).toEqual([]);

  // The address is spent: another browser that learned it gets nothing, neither the page nor the pipe.
  const stranger = await browser.newContext();
  const refused = await (await stranger.newPage()).goto(webUrl);
  expect(refused?.status()).toBe(401);
  await stranger.close();
  await context.close();
});

test("a page from elsewhere cannot reach the node", async () => {
  const { webUrl } = rig.provider;
  const origin = new URL(webUrl ?? "").origin;
  for (const headers of [{ origin: "http://evil.example" }, {}]) {
    const response = await fetch(`${origin}/`, { headers, redirect: "manual" });
    expect([401, 403]).toContain(response.status);
  }
});
