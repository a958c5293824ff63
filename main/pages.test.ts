/** The page scheme serves the built folder and nothing beside it; frames are cut where lines end. */
import { describe, expect, it, vi } from "vitest";

vi.mock("electron", () => ({ protocol: {}, ipcMain: {} }));
const { fileOf, WINDOW_POLICY } = await import("./pages.ts");
const { lineCutter } = await import("./node-link.ts");

describe("fileOf", () => {
  it.each([
    ["app://zpu/", "/pages/index.html"],
    ["app://zpu/assets/index.js", "/pages/assets/index.js"],
    ["app://zpu/a/../icon.svg", "/pages/icon.svg"],
  ])("%s", (url, path) => expect(fileOf(url, "/pages")).toBe(path));

  it.each(["app://other/", "app://zpu/..%2f..%2fetc%2fpasswd", "app://zpu/%00", "app://zpu/%ff"])("refuses %s", (url) =>
    expect(fileOf(url, "/pages")).toBeUndefined(),
  );
});

describe("the window's policy", () => {
  it("allows no network and no inline code", () => {
    expect(WINDOW_POLICY).toContain("connect-src 'none'");
    expect(WINDOW_POLICY).not.toContain("unsafe");
  });
});

describe("lineCutter", () => {
  it("gives whole lines however the stream is cut", () => {
    const lines: string[] = [];
    const cut = lineCutter((line) => lines.push(line));
    for (const chunk of ["a", "b\nc", "\n\nd\n", "e"]) cut(chunk);
    expect(lines).toEqual(["ab", "c", "d"]);
  });
  it("refuses a line without an end", () => {
    const cut = lineCutter(() => undefined);
    expect(() => cut("x".repeat(8 * 1024 * 1024 + 1))).toThrow(RangeError);
  });
});
