/** The job table on a screen and in a pipe. */
import type { JobView } from "@zpu/ipc/operator/jobs";
import { address, jobId, modelId, txHash } from "@zpu/protocol/ids";
import { describe, expect, it, vi } from "vitest";
import { jobLine, openJobTable } from "./job-table.ts";

const job = (change: Partial<JobView>): JobView => ({
  jobId: jobId.parse(`0x${"ab".repeat(32)}`),
  requestor: address.parse(`0x${"01".repeat(20)}`),
  modelId: modelId.parse(`0x${"02".repeat(32)}`),
  modelName: "digits-mlp",
  priceWei: 2n * 10n ** 18n,
  state: "paid",
  evidence: "zk",
  receivedAtMs: 1000,
  deadlineMs: 100_000,
  events: [
    { state: "offered", atMs: 1000 },
    { state: "paid", atMs: 3500, tx: txHash.parse(`0x${"cd".repeat(32)}`) },
  ],
  stagesMs: {},
  digit: 7,
  label: 7,
  ...change,
});

describe("a job's line", () => {
  it("says answer and label, state, time, price and transaction", () => {
    expect(jobLine(job({})).split(/ {2,}/)).toEqual(["0xabababab", "7 = 7", "paid", "2.5 s", "2 NZIDIA", "tx 0xcdcdcdcdcd"]);
    expect(jobLine(job({ digit: 1 }))).toContain("1 (label 7)");
    expect(jobLine(job({ state: "failed", error: { code: "PROOF_REJECTED", facts: {} } }))).toContain("PROOF_REJECTED");
  });
});

describe("a job on its way", () => {
  const running = job({
    state: "executed",
    events: [
      { state: "offered", atMs: 1000 },
      { state: "executed", atMs: 2000 },
    ],
  });

  it("shows the time until now, one that has ended the time it took, one of a node that is gone no activity", () => {
    expect(jobLine(running, { nowMs: 9000 })).toMatch(/proving +8\.0 s/);
    expect(jobLine(job({}), { nowMs: 9000 })).toMatch(/paid +2\.5 s/);
    expect(jobLine(running, { nowMs: 9000, ended: true })).toMatch(/interrupted +8\.0 s/);
    expect(jobLine(job({}), { nowMs: 9000, ended: true })).toContain("paid");
  });

  it("has its time go on between steps on a screen, until the table is closed; what is said then stands below", () => {
    vi.useFakeTimers({ now: 2000 });
    try {
      const writes: string[] = [];
      const table = openJobTable({ isTTY: true, columns: 100, write: (part) => writes.push(part) });
      table.show([running]);
      vi.advanceTimersByTime(2000);
      expect(writes.at(-1)).toMatch(/proving +3\.0 s/);
      table.close();
      expect(writes.at(-1)).toContain("interrupted");
      const told = writes.length;
      vi.advanceTimersByTime(5000);
      table.show([running]);
      expect(writes).toHaveLength(told);
      table.say("below");
      expect(writes.at(-1)).toBe("below\n");
    } finally {
      vi.useRealTimers();
    }
  });

  it("is said to be interrupted where there is no screen", () => {
    let text = "";
    const table = openJobTable({ write: (part) => (text += part) });
    table.show([running, job({ jobId: jobId.parse(`0x${"ef".repeat(32)}`) })]);
    const before = text.length;
    table.close();
    expect(text.slice(before).trimEnd().split("\n")).toEqual([expect.stringContaining("interrupted")]);
  });
});

describe("the table", () => {
  it("prints a line per change where there is no screen", () => {
    let text = "";
    const table = openJobTable({ write: (part) => (text += part) });
    table.show([job({ state: "accepted" })]);
    table.show([job({ state: "accepted" })]);
    table.show([job({})]);
    table.say("note");
    expect(text.trimEnd().split("\n")).toHaveLength(3);
  });

  it("is redrawn in place on a screen, never wider than it, with what is said above it", () => {
    const writes: string[] = [];
    const table = openJobTable({ isTTY: true, columns: 40, write: (part) => writes.push(part) });
    table.show([job({})]);
    table.say("note");
    expect(writes[1]?.startsWith("\x1b[2A\x1b[0Jnote\n")).toBe(true);
    for (const line of writes
      .join("")
      .replaceAll(/\x1b\[\d+[AJ]/g, "")
      .split("\n"))
      expect(line.length).toBeLessThan(40);
  });
});
