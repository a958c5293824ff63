/** Every screen in every state, light and dark, narrow to wide: nothing for axe to find, nothing wider than the window, no policy violated. */
import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildPage, launchBrowser } from "./browser.ts";
import { busyEarnings, busyJobs, nodeStatus } from "./fixture.ts";
import { axeFindings, openSession, overflowPx, type Session } from "./session.ts";

let browser: Browser;
let session: Session | undefined;
beforeAll(async () => {
  buildPage();
  browser = await launchBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  await session?.close();
  session = undefined;
});

const SIZES = [
  [400, 800],
  [1280, 800],
  [1600, 1000],
] as const;

describe.each(["light", "dark"] as const)("%s", { timeout: 120_000 }, (theme) => {
  describe.each(SIZES)("%i x %i", (width, height) => {
    const flaws = async (where: string): Promise<string[]> => {
      if (!session) throw new Error("no session");
      const wider = await overflowPx(session.page);
      // The widest window lays out as the middle one does, and the narrow one has the same words and colours in light and dark.
      const findings = width === 1600 || (width === 400 && theme === "light") ? [] : await axeFindings(session.page);
      return [...findings, ...(wider > 0 ? [`${wider} px wider than the window`] : [])].map((flaw) => `${where}: ${flaw}`);
    };

    it("shows no flaw where nothing has happened yet", async () => {
      session = await openSession(browser, { theme, width, height });
      const { app, page, problems } = session;
      await page.getByText("No job has arrived yet").waitFor();
      const found = await flaws("no jobs");
      await app.go("Earnings");
      await page.getByText("Nothing earned yet").waitFor();
      found.push(...(await flaws("no earnings")));
      await app.go("Ask a digit");
      await session.ask.pad.waitFor();
      found.push(...(await flaws("empty pad")));
      expect([...found, ...problems]).toEqual([]);
    });

    it("shows no flaw on a busy morning", async () => {
      session = await openSession(browser, { theme, width, height }, (node) => {
        node.jobs.set(busyJobs());
        node.earnings.set(busyEarnings());
      });
      const { app, page, problems, node, ask } = session;
      await session.jobs.rows.first().waitFor();
      const found = await flaws("jobs");
      for (const index of [0, 3, 4]) {
        await page.goto(`${session.server.url}#/jobs/${node.jobs.value[index]!.jobId}`);
        await session.jobs.detail.waitFor();
        if (index === 4) await session.jobs.detail.getByText(/^History/).click();
        found.push(...(await flaws(`job ${index}`)));
      }
      await app.go("Earnings");
      await session.earnings.chart.waitFor();
      found.push(...(await flaws("earnings")));
      await app.go("Ask a digit");
      await ask.sample(4);
      await ask.label(4);
      await ask.askButton.click();
      await ask.journey.waitFor();
      found.push(...(await flaws("asked")));
      expect([...found, ...problems]).toEqual([]);
    });

    it("shows no flaw where things are wrong", async () => {
      session = await openSession(browser, { theme, width, height }, (node) => {
        node.jobs.set(busyJobs());
        node.status.set(
          nodeStatus({
            accepting: false,
            reason: { code: "CHAIN_UNREACHABLE", facts: { rpc: "http://127.0.0.1:8545" } },
            chain: { ...nodeStatus().chain, reachable: false },
            processes: nodeStatus().processes.map((process) =>
              process.name === "prover" ? { ...process, state: "restarting", restarts: 3 } : process,
            ),
          }),
        );
      });
      const { app, page, problems, server } = session;
      await page.getByText("Not accepting jobs").waitFor();
      const found = await flaws("not accepting");
      await page.goto(`${server.url}#/jobs/0x${"ab".repeat(32)}`);
      await page.getByTestId("job-unknown").waitFor();
      found.push(...(await flaws("unknown job")));
      await app.go("Ask a digit");
      await page.getByText("CHAIN_UNREACHABLE").waitFor();
      found.push(...(await flaws("ask refused")));
      server.answer(false);
      await app.lost.waitFor();
      found.push(...(await flaws("disconnected")));
      await page.reload();
      await app.lost.waitFor();
      await page.getByText("No answer yet").waitFor();
      found.push(...(await flaws("never connected")));
      expect([...found, ...problems]).toEqual([]);
    });
  });
});
