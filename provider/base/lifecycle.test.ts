/** Parts stop in reverse, each within its limit, whatever the others do. */
import { describe, expect, it } from "vitest";
import { createLifecycle } from "./lifecycle.ts";

describe("lifecycle", () => {
  it("stops in reverse order and only what was started", async () => {
    const heard: string[] = [];
    const lifecycle = createLifecycle(1_000, () => undefined);
    for (const name of ["one", "two"]) await lifecycle.start(name, () => name, (part) => void heard.push(part)); // prettier-ignore
    await expect(lifecycle.start("three", () => Promise.reject(new Error("no")), () => void heard.push("three"))).rejects.toThrow("no"); // prettier-ignore
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(heard).toEqual(["two", "one"]);
  });

  it("goes on when a stop fails or hangs", async () => {
    const heard: string[] = [];
    const told: string[] = [];
    const lifecycle = createLifecycle(30, (level, message) => void (level === "warn" && told.push(message)));
    await lifecycle.start("first", () => 1, () => void heard.push("first")); // prettier-ignore
    await lifecycle.start("fails", () => 2, () => Promise.reject(new Error("broken"))); // prettier-ignore
    await lifecycle.start("hangs", () => 3, () => new Promise<void>(() => undefined)); // prettier-ignore
    await lifecycle.stop();
    expect(heard).toEqual(["first"]);
    expect(told).toEqual(["hangs did not stop within 30 ms", "fails failed to stop: broken"]);
  });

  it("stops at once what finishes starting after the stop, and starts nothing more", async () => {
    const lifecycle = createLifecycle(1_000, () => undefined);
    const gate = Promise.withResolvers<string>();
    const stopped: string[] = [];
    const late = lifecycle.start("late", () => gate.promise, (part) => void stopped.push(part)); // prettier-ignore
    await lifecycle.stop();
    gate.resolve("late");
    await expect(late).rejects.toMatchObject({ code: "CANCELLED" });
    expect(stopped).toEqual(["late"]);
    await expect(lifecycle.start("more", () => 1, () => undefined)).rejects.toMatchObject({ code: "CANCELLED" }); // prettier-ignore
  });
});
