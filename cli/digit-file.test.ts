/** One digit, drawn in every way a person draws, gives one input; what is no picture is refused with a reason. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDigit } from "./digit-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zpu-digit-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A seven of strokes on a ground, as a PNG file. */
function seven(name: string, side: number, ink: number[], ground: number[], shift = 0): string {
  const png = new PNG({ width: side, height: side });
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const [u, v] = [(x - shift) / side, y / side];
      const drawn = (v > 0.2 && v < 0.28 && u > 0.3 && u < 0.6) || (v >= 0.2 && v < 0.7 && Math.abs(u - (0.6 - (v - 0.2) * 0.4)) < 0.04);
      png.data.set(drawn ? ink : ground, (y * side + x) * 4);
    }
  }
  const path = join(folder, name);
  writeFileSync(path, PNG.sync.write(png));
  return path;
}
const ink = (pixels: Uint8Array): number => pixels.reduce((sum, value) => sum + value, 0);
const distance = (one: Uint8Array, other: Uint8Array): number =>
  one.reduce((sum, value, index) => sum + Math.abs(value - (other[index] ?? 0)), 0) / ink(one);

describe("readDigit", () => {
  it("reads dark on light, light on dark, on nothing, faint, large and off centre alike", async () => {
    const reference = await readDigit(seven("a.png", 280, [0, 0, 0, 255], [255, 255, 255, 255]));
    expect(reference).toHaveLength(784);
    for (const path of [
      seven("b.png", 280, [255, 255, 255, 255], [0, 0, 0, 255]),
      seven("c.png", 280, [0, 0, 0, 255], [0, 0, 0, 0]),
      seven("d.png", 280, [255, 255, 255, 255], [255, 255, 255, 0]),
      seven("e.png", 280, [120, 110, 120, 255], [235, 230, 225, 255]),
      seven("f.png", 280, [20, 20, 90, 255], [250, 250, 250, 255], 60),
    ]) {
      expect(await readDigit(path)).toEqual(reference);
    }
    expect(distance(reference, await readDigit(seven("g.png", 600, [0, 0, 0, 255], [255, 255, 255, 255])))).toBeLessThan(0.1);
  });

  it("takes a model input as it is", async () => {
    const png = new PNG({ width: 28, height: 28 });
    for (let at = 0; at < 784; at += 1) {
      const value = at > 300 && at < 480 ? at % 256 : 0;
      png.data.set([value, value, value, 255], at * 4);
    }
    const path = join(folder, "input.png");
    writeFileSync(path, PNG.sync.write(png));
    expect([...(await readDigit(path))]).toEqual(Array.from({ length: 784 }, (_, at) => (at > 300 && at < 480 ? at % 256 : 0)));
  });

  it.each<[string, () => string, string]>([
    ["a file that is no PNG", () => (writeFileSync(join(folder, "x.png"), "hello".repeat(20)), join(folder, "x.png")), "not a PNG"],
    ["an empty sheet", () => seven("w.png", 100, [255, 255, 255, 255], [255, 255, 255, 255]), "no ink"],
    [
      "a damaged PNG",
      () => {
        const bytes = PNG.sync.write(new PNG({ width: 50, height: 50 }));
        writeFileSync(join(folder, "y.png"), bytes.subarray(0, bytes.length - 30));
        return join(folder, "y.png");
      },
      "damaged",
    ],
    [
      "a small file that says it is huge",
      () => {
        const bytes = Buffer.from(PNG.sync.write(new PNG({ width: 8, height: 8 })));
        bytes.writeUInt32BE(60_000, 16);
        writeFileSync(join(folder, "z.png"), bytes);
        return join(folder, "z.png");
      },
      "larger than",
    ],
  ])("refuses %s", async (_what, make, reason) => {
    await expect(readDigit(make())).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining(reason) as string });
  });

  it("says that a file cannot be read, which is no fault of its content", async () => {
    const path = join(folder, "none.png");
    await expect(readDigit(path)).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: `The file ${path} cannot be read: there is no such file.`,
    });
    await expect(readDigit(folder)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});
