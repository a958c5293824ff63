/** A program whose reader has gone lives on; one that cannot write for another reason does not pass over it. */
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { outliveReaders } from "./closed-output.ts";

const MODULE = new URL("./closed-output.ts", import.meta.url).href;
/** What a program that prints for half a second leaves behind when both its readers close after the first line. */
async function printed(prelude: string): Promise<{ code: number | null; left: string | undefined }> {
  const dir = mkdtempSync(join(tmpdir(), "zpu-output-"));
  try {
    const script = `${prelude}
      let lines = 0;
      const timer = setInterval(() => { console.log("line"); console.error("line"); if (++lines < 50) return; clearInterval(timer); require("node:fs").writeFileSync("left", String(lines)); }, 10);`;
    const child = spawn(process.execPath, ["-e", script], { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
    const gone = once(child, "exit");
    child.stdout.once("data", () => child.stdout.destroy());
    child.stderr.once("data", () => child.stderr.destroy());
    const [code] = (await gone) as [number | null];
    return { code, left: existsSync(join(dir, "left")) ? readFileSync(join(dir, "left"), "utf8") : undefined };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

it.runIf(process.platform !== "win32")("goes on when nobody reads any more", async () => {
  expect(await printed(`import(${JSON.stringify(MODULE)}).then(({ outliveReaders }) => outliveReaders());`)).toEqual({ code: 0, left: "50" });
  expect((await printed("")).left).toBeUndefined();
});

it("lets other errors through", () => {
  const stream = new EventEmitter() as unknown as NodeJS.WriteStream;
  outliveReaders([stream]);
  expect(stream.emit("error", Object.assign(new Error("gone"), { code: "EPIPE" }))).toBe(true);
  expect(() => stream.emit("error", Object.assign(new Error("no room"), { code: "ENOSPC" }))).toThrow("no room");
});
