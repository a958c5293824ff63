/** Every state of a job maps to five steps of which exactly one is under way, unless the job has ended. */
import { jobState, type JobState } from "@zpu/protocol/job";
import { describe, expect, it } from "vitest";
import { FAILED_STATES, jobSteps, median, paidAfterMs, stateLabel } from "./job-steps.ts";

const WAY: readonly JobState[] = ["offered", "accepting", "accepted", "executed", "proven", "submitting", "verified", "settling", "paid"];
const at = (state: JobState, until: JobState = state) => ({
  state,
  receivedAtMs: 1_000,
  events: WAY.slice(0, WAY.indexOf(until) + 1).map((reached, index) => ({ state: reached, atMs: 1_000 + index * 100 })),
});

describe("jobSteps", () => {
  it.each(WAY.slice(0, -1))("%s: one step is under way, with a note, and none after it is done", (state) => {
    const steps = jobSteps(at(state)).map(({ status }) => status);
    expect(steps.filter((status) => status === "active")).toHaveLength(1);
    const active = steps.indexOf("active");
    expect(steps.slice(0, active).every((status) => status === "done")).toBe(true);
    expect(steps.slice(active + 1).every((status) => status === "waiting")).toBe(true);
    expect(jobSteps(at(state))[active]?.note).toBeTruthy();
  });

  it("paid: all five are done, with the time each took from the arrival", () => {
    const steps = jobSteps(at("paid"));
    expect(steps.map(({ status }) => status)).toEqual(["done", "done", "done", "done", "done"]);
    expect(steps.map(({ afterMs }) => afterMs)).toEqual([200, 300, 400, 600, 800]);
  });

  it("goes back to verifying where the chain took that back, until it is verified again", () => {
    const more = (states: readonly JobState[]) => [...at("settling").events, ...states.map((state, index) => ({ state, atMs: 5_000 + index }))];
    const back = { ...at("settling"), state: "submitting" as const, events: more(["submitting"]) };
    expect(jobSteps(back).map(({ status }) => status)).toEqual(["done", "done", "done", "active", "waiting"]);
    const again = { ...back, state: "verified" as const, events: more(["submitting", "verified"]) };
    expect(jobSteps(again).map(({ status }) => status)).toEqual(["done", "done", "done", "done", "active"]);
    expect(jobSteps(again)[3]?.atMs).toBe(5_001);
  });

  it.each([...FAILED_STATES])("%s: the step it stopped at is marked, the rest will not happen", (state) => {
    const ended = { ...at(state, "executed"), events: [...at("executed").events, { state, atMs: 9_000 }] };
    expect(jobSteps(ended).map(({ status }) => status)).toEqual(["done", "done", "failed", "skipped", "skipped"]);
  });
});

describe("figures", () => {
  it("has a word for every state", () => expect(jobState.options.every((state) => stateLabel(state).length > 3)).toBe(true));
  it("knows the time to the payment only once there is one", () => {
    expect(paidAfterMs(at("paid"))).toBe(800);
    expect(paidAfterMs(at("settling"))).toBeUndefined();
  });
  it("takes the lower median", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(median([])).toBeUndefined();
  });
});
