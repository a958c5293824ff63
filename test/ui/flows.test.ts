/** What an owner does with the pages, step by step: watch a job, claim, ask, lose the node and get it back, all of it without a mouse too. */
import { ZpuError } from "@zpu/protocol/errors";
import type { JobState } from "@zpu/protocol/job";
import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildPage, launchBrowser } from "./browser.ts";
import { busyEarnings, busyJobs, gains, longEarnings, nodeStatus, openJob, picture } from "./fixture.ts";
import { gate, type ScriptedNode } from "./scripted-node.ts";
import { contentSecurityPolicy } from "./server.ts";
import { openSession, type Session } from "./session.ts";

let browser: Browser;
let session: Session;
beforeAll(async () => {
  buildPage();
  browser = await launchBrowser();
});
afterAll(() => browser.close());
afterEach(() => session.close());

const busy = (node: ScriptedNode): void => {
  node.jobs.set(busyJobs());
  node.earnings.set(busyEarnings());
};
const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 160; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
};

describe("Jobs", () => {
  it("shows a job arriving and follows it to its payment", async () => {
    session = await openSession(browser);
    const { node, jobs, page } = session;
    await page.getByText("No job has arrived yet").waitFor();
    const seed = { seed: 71, label: 7, pixels: picture(7, 1) };
    const job = openJob(seed);
    node.arrive(job);
    await jobs.waitForState(job.jobId, "offered", 4_000);
    expect(await jobs.steps()).toEqual(["active", "waiting", "waiting", "waiting", "waiting"]);
    expect(await jobs.answer.innerText()).toBe("–");
    const brought = gains(seed);
    const walk: [JobState, string[]][] = [
      ["accepting", ["active", "waiting", "waiting", "waiting", "waiting"]],
      ["accepted", ["done", "active", "waiting", "waiting", "waiting"]],
      ["executed", ["done", "done", "active", "waiting", "waiting"]],
      ["proven", ["done", "done", "done", "active", "waiting"]],
      ["submitting", ["done", "done", "done", "active", "waiting"]],
      ["verified", ["done", "done", "done", "done", "active"]],
      ["settling", ["done", "done", "done", "done", "active"]],
      ["paid", ["done", "done", "done", "done", "done"]],
    ];
    for (const [state, steps] of walk) {
      node.step(job.jobId, state, brought[state], ["accepted", "verified", "paid"].includes(state));
      await jobs.waitForState(job.jobId, state, 4_000);
      expect(await jobs.steps()).toEqual(steps);
    }
    expect(await jobs.answer.innerText()).toBe("7");
    expect(await jobs.transactions.count()).toBe(3);
    await jobs.detail.getByText("Labelled 7 too").waitFor();
    await jobs.detail.getByText("Zero-knowledge proof").waitFor();
    await jobs.detail.getByText("onnxruntime-node@1.30.0/cpu").waitFor();
    expect(session.problems).toEqual([]);
  });

  it("draws exactly the pixels that were sent", async () => {
    const pixels = picture(8, 3);
    session = await openSession(browser, {}, (node) => node.arrive(openJob({ seed: 3, pixels })));
    const alpha = await session.jobs.detail.getByRole("img", { name: /28 by 28/ }).evaluate((element) => {
      const image = (element as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, 28, 28).data;
      return Array.from({ length: 784 }, (_, index) => image[index * 4 + 3]!);
    });
    expect(alpha).toEqual([...pixels]);
  });

  it("says in words why a job failed and what to do, and marks a misclassified one", async () => {
    session = await openSession(browser, {}, busy);
    const { node, jobs } = session;
    await jobs.row(node.jobs.value[4]!.jobId).click();
    await jobs.detail.getByText("The chain refused the proof: ProofRejected: the deadline had passed.").waitFor();
    await jobs.detail.getByText("See the job's history; the escrow is refunded after the deadline.").waitFor();
    expect(await jobs.steps()).toEqual(["done", "done", "done", "failed", "skipped"]);
    await jobs.row(node.jobs.value[3]!.jobId).click();
    await jobs.detail.getByText("Labelled 9: misclassified").waitFor();
  });

  it("copies a whole transaction hash", async () => {
    session = await openSession(browser, {}, busy);
    const { node, jobs, page, context } = session;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const paid = node.jobs.value[2]!;
    await jobs.row(paid.jobId).click();
    await page.waitForURL((url) => url.hash.includes(paid.jobId));
    await jobs.detail.getByRole("button", { name: "Copy paid transaction" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(paid.events.at(-1)!.tx);
  });

  it("opens a job on its own in a narrow window, and leads back", async () => {
    session = await openSession(browser, { width: 400, touch: true }, busy);
    const { node, jobs, page } = session;
    await jobs.row(node.jobs.value[2]!.jobId).click();
    await jobs.detail.waitFor();
    expect(await jobs.rows.count()).toBe(0);
    await page.getByRole("link", { name: "All jobs" }).click();
    await until("the list is back", async () => (await jobs.rows.count()) === node.jobs.value.length);
  });
});

describe("A job that the node does not know", () => {
  it.each([
    [1_280, "0x1234"],
    [400, "0x1234"],
    [1_280, `0x${"0f".repeat(32)}`],
    [400, `0x${"0f".repeat(32)}`],
  ])("is said to be unknown at %i px: %s", async (width, id) => {
    session = await openSession(browser, { width }, busy);
    const { page, jobs, node, server } = session;
    await page.goto(`${server.url}#/jobs/${id}`);
    const unknown = page.getByTestId("job-unknown");
    await unknown.getByText("This node knows no such job").waitFor();
    await unknown.getByText(id, { exact: true }).waitFor();
    expect(await jobs.detail.count()).toBe(0);
    await unknown.getByRole("link", { name: "Show all jobs" }).click();
    await until("the list is there", async () => (await jobs.rows.count()) === node.jobs.value.length);
    expect(new URL(page.url()).hash).toBe("#/jobs");
    expect(session.problems).toEqual([]);
  });

  it("is shown all the same where it is only too old to be listed", async () => {
    session = await openSession(browser, {}, busy);
    const { page, jobs, node, server } = session;
    const old = node.jobs.value.at(-1)!;
    node.unlisted.push(old);
    node.jobs.set(node.jobs.value.slice(0, -1));
    await page.goto(`${server.url}#/jobs/${old.jobId}`);
    await jobs.detail.waitFor();
    expect(await jobs.answer.innerText()).toBe(String(old.digit));
  });

  it("an address of no screen becomes that of the jobs", async () => {
    session = await openSession(browser, {}, busy);
    const { page, server, jobs } = session;
    await page.goto(`${server.url}#/nonsense`);
    await until("the address is corrected", () => new URL(page.url()).hash === "#/jobs");
    await jobs.detail.waitFor();
  });
});

describe("Earnings", () => {
  it("claims: pending, then a toast with amount and transaction, then nothing left to claim", async () => {
    session = await openSession(browser, {}, busy);
    const { app, earnings, node } = session;
    await app.go("Earnings");
    expect(await earnings.claimable.innerText()).toBe("30");
    expect(await earnings.figure("Earned in total")).toContain("92");
    node.hold = gate();
    await earnings.claimButton.click();
    await session.page.getByText("Signed and sent; waiting for the block.").waitFor();
    expect(await session.page.getByRole("button", { name: "Claiming" }).isDisabled()).toBe(true);
    node.hold.release();
    await app.notifications.getByText("30 NZIDIA claimed").waitFor();
    await app.notifications.getByRole("button", { name: "Copy claim transaction" }).waitFor();
    expect(await earnings.claimable.innerText()).toBe("0");
    expect(await earnings.claimButton.innerText()).toBe("Nothing to claim");
    expect(await earnings.claimButton.isDisabled()).toBe(true);
    expect(await earnings.claims.count()).toBe(3);
    expect(await earnings.figure("Earned in total")).toContain("92");
    await app.notifications.getByRole("button", { name: "Dismiss" }).click();
    await app.notifications.getByText("30 NZIDIA claimed").waitFor({ state: "detached" });
    expect(session.problems).toEqual([]);
  });

  it("shows why a claim failed and lets it be tried again", async () => {
    session = await openSession(browser, {}, busy);
    const { app, earnings, node } = session;
    await app.go("Earnings");
    node.claimError = new ZpuError("CHAIN_UNREACHABLE", { rpc: "http://127.0.0.1:8545" });
    await earnings.claimButton.click();
    await earnings.error.getByText("The chain does not answer at http://127.0.0.1:8545.").waitFor();
    expect(await earnings.claimable.innerText()).toBe("30");
    node.claimError = undefined;
    await earnings.claimButton.click();
    await app.notifications.getByText("30 NZIDIA claimed").waitFor();
    expect(await earnings.error.count()).toBe(0);
  });

  it("lists every payment, newest first, and reads the chart under the pointer", async () => {
    session = await openSession(browser, {}, busy);
    const { app, earnings, node, page } = session;
    await app.go("Earnings");
    expect(await earnings.payments.count()).toBe(12);
    await page.getByRole("button", { name: "Show all 46" }).click();
    expect(await earnings.payments.count()).toBe(46);
    expect(await earnings.payments.first().locator("[title^='0x']").getAttribute("title")).toBe(node.earnings.value.earned.at(-1)!.tx);
    expect(await earnings.chart.getAttribute("aria-label")).toMatch(/92 NZIDIA at .*46 payments and 2 claims/);
    await earnings.chart.scrollIntoViewIfNeeded();
    const box = (await earnings.chart.boundingBox())!;
    await page.mouse.move(box.x + box.width - 14, box.y + 90);
    await page.getByText(/^92 NZIDIA$/).waitFor();
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    expect(await earnings.chart.getAttribute("aria-label")).not.toMatch(/46 payments/);
  });

  it("shows the whole history of a long life, and the newest payments one by one", async () => {
    session = await openSession(browser, {}, (node) => {
      node.earnings.set(longEarnings());
    });
    const { app, earnings, node, page } = session;
    await app.go("Earnings");
    expect(await earnings.figure("Earned in total")).toContain("24,690");
    expect(await earnings.chart.getAttribute("aria-label")).toMatch(/24,690 NZIDIA at .*; 12,345 payments and 1 claims/);
    await page.getByRole("button", { name: "Show the newest 200" }).click();
    expect(await earnings.payments.count()).toBe(200);
    expect(await earnings.payments.first().locator("[title^='0x']").getAttribute("title")).toBe(node.earnings.value.earned.at(-1)!.tx);
    await page.getByText("The newest 200 of 12,345").waitFor();
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    expect(await earnings.chart.getAttribute("aria-label")).toMatch(/; 5 payments and 0 claims/);
    await page.getByRole("button", { name: "7 d", exact: true }).click();
    expect(await earnings.chart.getAttribute("aria-label")).toMatch(/; at least 200 payments and 0 claims/);
    expect(session.problems).toEqual([]);
  });

  it("names the columns of payments and claims", async () => {
    session = await openSession(browser, {}, busy);
    await session.app.go("Earnings");
    const columns = (name: string): Promise<string[]> =>
      session.page.getByRole("region", { name, exact: true }).getByRole("columnheader").allInnerTexts();
    expect(await columns("Payments")).toEqual(["Time", "Job", "Transaction", "Amount in NZIDIA"]);
    expect(await columns("Claims")).toEqual(["Time", "Transaction", "Amount in NZIDIA"]);
  });

  it("moves when a payment arrives", async () => {
    session = await openSession(browser, {}, busy);
    const { app, earnings, node } = session;
    await app.go("Earnings");
    await earnings.chart.waitFor();
    node.earnings.set({ ...node.earnings.value, claimableWei: node.earnings.value.claimableWei + 2_500_000_000_000_000_000n });
    await until("32.5 claimable", async () => (await earnings.claimable.innerText()) === "32.5");
  });
});

describe("Ask a digit", () => {
  const THREE = [[0.34, 0.27], [0.45, 0.2], [0.6, 0.22], [0.67, 0.33], [0.6, 0.44], [0.48, 0.49], [0.62, 0.53], [0.69, 0.65], [0.6, 0.78], [0.44, 0.81], [0.33, 0.74]] as const; // prettier-ignore

  it("draws with the mouse, asks, and goes live to the answer and the payment", async () => {
    session = await openSession(browser);
    const { app, ask, node } = session;
    await app.go("Ask a digit");
    expect(await ask.askButton.isDisabled()).toBe(true);
    await ask.draw(THREE);
    await ask.label(3);
    await ask.askButton.click();
    await ask.journey.waitFor();
    expect(await ask.journey.getAttribute("data-state")).toBe("sent");
    const sent = node.asked[0]!;
    expect(sent.label).toBe(3);
    expect(sent.pixels.length).toBe(784);
    expect(sent.pixels.filter((grey) => grey > 128).length).toBeGreaterThan(40);
    const seed = { seed: 901, label: 3, pixels: Uint8Array.from(sent.pixels) };
    const job = openJob(seed);
    node.arrive(job);
    const brought = gains(seed);
    for (const state of ["accepting", "accepted", "executed", "proven", "submitting", "verified", "settling", "paid"] as const) {
      node.step(job.jobId, state, brought[state], state === "paid");
      await until(state, async () => (await ask.journey.getAttribute("data-state")) === state);
    }
    expect(await ask.answer.innerText()).toBe("3");
    expect(await ask.paid.innerText()).toContain("2 NZIDIA earned");
    await session.page.getByRole("heading", { level: 2, name: "Done", exact: true }).waitFor();
    expect(await session.page.getByText("On its way").count()).toBe(0);
    await app.go("Jobs");
    await app.go("Ask a digit");
    expect(await ask.answer.innerText()).toBe("3");
    expect(session.problems).toEqual([]);
  });

  it("undoes stroke by stroke and clears", async () => {
    session = await openSession(browser);
    const { app, ask } = session;
    await app.go("Ask a digit");
    await ask.draw([[0.3, 0.3], [0.7, 0.3]]); // prettier-ignore
    await ask.draw([[0.5, 0.3], [0.5, 0.8]]); // prettier-ignore
    expect(await ask.pad.getAttribute("aria-label")).toBe("Drawing pad, 2 strokes");
    await ask.undo.click();
    expect(await ask.pad.getAttribute("aria-label")).toBe("Drawing pad, 1 stroke");
    await ask.clear.click();
    expect(await ask.pad.getAttribute("aria-label")).toBe("Drawing pad, empty");
    expect(await ask.askButton.isDisabled()).toBe(true);
  });

  it("draws with a finger without scrolling the page", async () => {
    session = await openSession(browser, { width: 400, touch: true });
    const { app, ask, context, page } = session;
    await app.go("Ask a digit");
    const box = (await ask.pad.boundingBox())!;
    const touch = await context.newCDPSession(page);
    const at = (y: number): { x: number; y: number }[] => [{ x: box.x + box.width / 2, y: box.y + y * box.height }];
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0.2) });
    for (let y = 0.25; y < 0.9; y += 0.05) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(y) });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    expect(await ask.pad.getAttribute("aria-label")).toBe("Drawing pad, 1 stroke");
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    const path = await ask.pad.locator("g[stroke-linecap] path").getAttribute("d");
    expect(path!.split("L").length).toBeGreaterThan(5);
  });

  it("leads the eye to the digit's way in a narrow window", async () => {
    session = await openSession(browser, { width: 400, touch: true });
    const { app, ask } = session;
    await app.go("Ask a digit");
    await ask.sample(5);
    await ask.askButton.click();
    await ask.journey.waitFor();
    await until("the way begins in the upper half of the window", async () => ((await ask.journey.boundingBox())?.y ?? 800) < 400);
  });

  it("says why it could not be asked and keeps the drawing", async () => {
    session = await openSession(browser);
    const { app, ask, node } = session;
    await app.go("Ask a digit");
    await ask.sample(6);
    node.askError = new ZpuError("NO_PROVIDER", { model: "digits-mlp" });
    await ask.askButton.click();
    await ask.error.getByText("No provider is online for model 'digits-mlp'.").waitFor();
    expect(await ask.pad.getAttribute("aria-label")).toBe("Drawing pad, 1 stroke");
    node.askError = undefined;
    await ask.askButton.click();
    await ask.journey.waitFor();
    expect(await ask.error.count()).toBe(0);
  });

  it("is refused off the devnet", async () => {
    session = await openSession(browser, {}, (node) => node.status.set(nodeStatus({ chain: { ...nodeStatus().chain, devnet: false } })));
    await session.app.go("Ask a digit");
    await session.page.getByText("DEVNET_ONLY").waitFor();
    expect(await session.ask.pad.count()).toBe(0);
  });
});

describe("The frame", () => {
  it("says which part of the node's state cannot be read, and takes it back with the next good one", async () => {
    session = await openSession(browser, {}, busy);
    const { node, page, jobs } = session;
    await jobs.detail.waitFor();
    const good = node.jobs.value;
    node.jobs.set(good.map((job) => ({ ...job, state: "elsewhere" as JobState })));
    const notice = page.getByTestId("watch-errors");
    await notice.getByText("The present list of jobs cannot be shown.").waitFor();
    await notice.getByText("MALFORMED_MESSAGE").waitFor();
    expect(await jobs.rows.count()).toBe(good.length);
    node.jobs.set(good);
    await notice.waitFor({ state: "detached" });
  });

  it("says that the node is gone, keeps what is known, and goes on by itself when it is back", async () => {
    session = await openSession(browser, {}, busy);
    const { app, node, server, jobs } = session;
    await app.node.getByText("Accepting jobs").waitFor();
    server.answer(false);
    await app.lost.waitFor();
    await app.node.getByText("Disconnected").waitFor();
    expect(await jobs.rows.count()).toBe(node.jobs.value.length);
    node.status.set(nodeStatus({ chain: { ...nodeStatus().chain, block: 1_300 } }));
    const job = openJob({ seed: 500, pixels: picture(1, 2) });
    node.arrive(job);
    server.answer(true);
    await app.lost.waitFor({ state: "detached" });
    await jobs.waitForState(job.jobId, "offered", 8_000);
    await app.node.getByText("1,300").waitFor();
  });

  it("tries at once when asked to, and a call on the way when the node dies says so", async () => {
    session = await openSession(browser, {}, busy);
    const { app, server, node, earnings, page } = session;
    await app.go("Earnings");
    node.hold = gate();
    await earnings.claimButton.click();
    await page.getByText("Signed and sent; waiting for the block.").waitFor();
    server.answer(false);
    await earnings.error.getByText("NOT_RUNNING").waitFor();
    expect(await earnings.claimButton.isDisabled()).toBe(true);
    await app.lost.getByText("attempt 5").waitFor();
    server.answer(true);
    await page.getByRole("button", { name: "Try now" }).click();
    await app.lost.waitFor({ state: "detached", timeout: 1_500 });
    expect(await earnings.claimButton.isEnabled()).toBe(true);
  });

  it("tells why no job is taken", async () => {
    session = await openSession(browser);
    const { app, node } = session;
    node.status.set(nodeStatus({ accepting: false, reason: { code: "DISK_FULL", facts: { path: "/data" } } }));
    await app.node.getByText("Not accepting jobs").waitFor();
    await app.node.getByText("The disk is full: /data. Free some space; new jobs are refused until then and nothing is lost.").waitFor();
  });

  it("follows the system's theme until one is chosen, and keeps the choice", async () => {
    session = await openSession(browser, { theme: "dark" });
    const { app, page } = session;
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const becomes = (colour: string): Promise<void> => until(`the ground is ${colour}`, async () => (await ground()) === colour);
    const [dark, light] = ["rgb(13, 18, 25)", "rgb(245, 244, 240)"];
    await becomes(dark);
    await page.emulateMedia({ colorScheme: "light" });
    await becomes(light);
    await app.toggleTheme();
    await becomes(dark);
    await page.reload();
    await app.heading.waitFor();
    await becomes(dark);
    await app.toggleTheme();
    await becomes(light);
    await page.emulateMedia({ colorScheme: "dark" });
    await becomes(dark);
  });

  it("can be used from the keyboard alone: to the ask, the claim and back to a job", async () => {
    session = await openSession(browser, {}, busy);
    const { page, app, ask, node, earnings, jobs } = session;
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 80; presses += 1) {
        if (name.test(await focused())) return;
        await press("Tab");
      }
      throw new Error(`no Tab leads to ${String(name)}`);
    };
    await press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await tabTo(/^Ask a digit$/);
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: "Ask a digit" }).waitFor();
    await until("the heading has the focus", async () => (await focused()) === "Ask a digit");
    await tabTo(/^Draw a sample 2$/);
    await press("Space");
    await tabTo(/^No label$/);
    for (let moves = 0; moves < 3; moves += 1) await press("ArrowRight");
    expect(await focused()).toBe("Label 2");
    await tabTo(/^Ask the model$/);
    await press("Enter");
    await ask.journey.waitFor();
    expect(node.asked).toHaveLength(1);
    expect(node.asked[0]!.label).toBe(2);
    await page.goto(`${session.server.url}#/earnings`);
    await earnings.claimButton.waitFor();
    await tabTo(/^Claim 30 NZIDIA$/);
    await press("Enter");
    await app.notifications.getByText("30 NZIDIA claimed").waitFor();
    await page.goto(`${session.server.url}#/jobs`);
    await jobs.rows.first().waitFor();
    await tabTo(/misclassified|labelled 9/);
    await press("Enter");
    await jobs.detail.getByText("Labelled 9: misclassified").waitFor();
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    expect(outline).toBe("solid");
  });

  it("stands still where less motion is wanted, and moves where it is not", async () => {
    session = await openSession(browser, { motion: "reduce" }, busy);
    const seconds = (): Promise<number> =>
      session.page.locator(".animate-breathe").first().evaluate((element) => Number.parseFloat(getComputedStyle(element).animationDuration)); // prettier-ignore
    expect(await seconds()).toBeLessThan(0.01);
    await session.page.emulateMedia({ reducedMotion: "no-preference" });
    expect(await seconds()).toBeGreaterThan(0.5);
  });

  it("runs under the strict policy, which is really sent and really holds", async () => {
    session = await openSession(browser, {}, busy);
    const { app, page, server, problems } = session;
    const response = await page.request.get(server.url);
    expect(response.headers()["content-security-policy"]).toBe(contentSecurityPolicy(Number(new URL(server.url).port)));
    expect(await response.text()).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
    for (const screen of ["Earnings", "Ask a digit", "Jobs"] as const) await app.go(screen);
    expect(problems).toEqual([]);
    const refused = await page.evaluate(() => {
      const attempts: Record<string, boolean> = {};
      try {
        document.createElement("div").innerHTML = "<b>x</b>";
      } catch (error) {
        attempts.innerHTML = error instanceof TypeError;
      }
      const script = document.createElement("script");
      try {
        script.text = "window.injected = true";
        document.head.append(script);
      } catch (error) {
        attempts.script = error instanceof TypeError;
      }
      return { ...attempts, injected: "injected" in window };
    });
    expect(refused).toEqual({ innerHTML: true, script: true, injected: false });
    await until("the violations are reported", () => problems.some((problem) => problem.startsWith("policy: require-trusted-types-for")));
  });
});
