/** What the launcher says: every command in it can be typed as it stands. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./child.ts";
import { alreadyRunning, childEnded, closing, nodeCommand, pagesAt, whatFollows } from "./launcher-words.ts";

const USUAL = join(ROOT, ".data", "devnet");
const wei = (tokens: bigint): bigint => tokens * 10n ** 18n;

it("names the folder in a command only where it is not the usual one", () => {
  expect(nodeCommand(USUAL, "claim")).toBe("npx zpu-node claim");
  expect(nodeCommand("/x", "claim")).toBe(`npx zpu-node claim --data ${join("/x", "provider")}`);
});

it("tells a second start who runs and where", () => {
  const said = alreadyRunning(USUAL, "12", "http://127.0.0.1:7780");
  expect(said).toContain("(process 12)");
  expect(said).toContain("http://127.0.0.1:7780");
  expect(said).toContain("npx zpu-node open");
  expect(alreadyRunning(USUAL, "12", undefined)).not.toContain("pages");
});

it("tells about demonstration jobs only where there are any, about pages only where there are some", () => {
  expect(whatFollows(USUAL, 45, true).join()).toContain("every 45 s");
  expect(whatFollows(USUAL, 0, true).join()).not.toContain("every");
  expect(whatFollows(USUAL, 0, false).join()).not.toContain("page");
  expect(pagesAt(USUAL, "http://127.0.0.1:7780")).toContain("npx zpu-node open");
});

it("counts what is on its way when a child ends", () => {
  expect(childEnded("/x", "the provider ended (SIGKILL)", 1)[1]).toBe(
    "No job is lost: 1 job on the way is kept and goes on. To go on: npm start -- --data /x",
  );
  expect(childEnded(USUAL, "the provider ended (SIGKILL)", 0)[1]).toBe("No job is lost: none was on its way. To go on: npm start");
});

it("adds up this run alone", () => {
  const first = { earnedCount: 5, claimableWei: wei(2n), claimedWei: wei(8n) };
  const last = { earnedCount: 8, claimableWei: wei(4n), claimedWei: wei(12n) };
  expect(closing("/x", first, last)).toContain("3 jobs paid: 6 NZIDIA earned, 4 NZIDIA claimed. Everything is kept in /x");
  expect(closing("/x", undefined, undefined)).toMatch(/^Ended\. Everything is kept in \/x/);
});
