/** What a command says when the node behind it ends before the answer is whole. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobs } from "@zpu/ipc/operator/jobs";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { jobId } from "@zpu/protocol/ids";
import { PNG } from "pngjs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runCommand } from "./commands.ts";
import { listenLocal, socketPath } from "./socket.ts";

const JOB = jobId.parse(`0x${"ab".repeat(32)}`);
let dataDir: string;
let close: (() => Promise<void>) | undefined;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), "zpu-commands-"))));
afterEach(async () => {
  vi.restoreAllMocks();
  await close?.();
  close = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});
const listen = async (serveOn: (pipe: Pipe) => void): Promise<void> => void ({ close } = await listenLocal(socketPath(dataDir), serveOn));

it("says that the node ended, not that none runs, where it goes before it answers", async () => {
  await listen((pipe) => pipe.onMessage(() => pipe.close()));
  await expect(runCommand({ name: "claim", json: true, dataDir, devnetUrl: undefined })).rejects.toMatchObject({
    code: "NODE_ENDED",
    facts: { detail: "before it answered" },
  });
});

it("names the job that is kept where the node ends in the middle of it", async () => {
  const png = new PNG({ width: 28, height: 28 });
  for (let at = 0; at < 784; at += 1) png.data.set(at % 28 > 12 && at % 28 < 16 ? [0, 0, 0, 255] : [255, 255, 255, 255], at * 4);
  const image = join(dataDir, "one.png");
  writeFileSync(image, PNG.sync.write(png));
  const said = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await listen((pipe) =>
    serve(
      { jobs },
      {
        jobs: {
          ask: () => ({ jobId: JOB, proofUrl: `http://127.0.0.1:1/proofs/${JOB}` }),
          list: () => {
            setTimeout(() => pipe.close(), 20);
            return () => undefined;
          },
          get: () => Promise.reject(new Error("not asked for")),
        },
      },
      pipe,
    ),
  );
  const asking = runCommand({ name: "ask", json: false, dataDir, devnetUrl: undefined, image, label: undefined });
  await expect(asking).rejects.toMatchObject({ code: "NODE_ENDED", facts: { jobId: JOB } });
  await expect(asking).rejects.toThrow(`job ${JOB} was on its way; the job is kept with its escrow and goes on at the next start`);
  expect(said).toHaveBeenCalledWith(`job ${JOB}\n`);
});
