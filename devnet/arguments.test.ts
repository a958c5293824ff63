/** The launcher's command line. */
import { describe, expect, it } from "vitest";
import { parseArguments } from "./arguments.ts";

describe("the launcher's arguments", () => {
  it("has defaults", () => {
    expect(parseArguments([])).toEqual({
      ok: true,
      options: { headless: false, dataDir: undefined, port: 7780, jobs: undefined, json: false, everySeconds: 45, open: true },
    });
  });

  it("reads every option, with a blank or an equals sign", () => {
    const wanted = { ok: true, options: { headless: true, dataDir: "/x", port: 9000, jobs: 3, json: true, everySeconds: 0, open: false } };
    expect(parseArguments("--headless --data /x --port 9000 --jobs 3 --json --every 0 --no-open".split(" "))).toEqual(wanted);
    expect(parseArguments("--headless --data=/x --port=9000 --jobs=3 --json --every=0 --no-open".split(" "))).toEqual(wanted);
  });

  it.each([
    "--frob",
    "jobs",
    "--jobs",
    "--jobs 0",
    "--jobs x",
    "--jobs 1.5",
    "--port 0",
    "--port 70000",
    "--data",
    "--data --json",
    "--every -1",
    "--json",
  ])("refuses %s", (line) => {
    expect(parseArguments(line.split(" "))).toMatchObject({ ok: false, help: false });
  });

  it("knows a request for help", () => {
    expect(parseArguments(["--help"])).toMatchObject({ ok: false, help: true });
  });
});
