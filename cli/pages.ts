/** The built pages of the app; built on the first visit where they are missing or their sources have changed. */
import { spawn, type ChildProcess } from "node:child_process";
import { pagesBuilder, pagesBuilt, pagesDigest, pagesFolder, rememberPages } from "@zpu/provider/base/built-pages";
import type { Ports } from "@zpu/provider/ports";
import { ROOT } from "./paths.ts";

const LAST_WORDS_CHARS = 2_000;

export interface Pages {
  /** Folder of the pages. The sources are looked at once per run of the node; throws with the builder's last words. */
  folder(): Promise<string>;
  /** Ends a build that is on its way. */
  close(): void;
}

/** The pages of the program in `root`; `builder` is what Node runs to build them. */
export function openPages(log: Ports["log"], root = ROOT, builder: readonly string[] = pagesBuilder(root)): Pages {
  let child: ChildProcess | undefined;
  let closed = false;
  let ready: Promise<string> | undefined;

  const build = async (): Promise<void> => {
    log("info", "building the pages");
    const running = spawn(process.execPath, [...builder], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    child = running;
    let words = "";
    running.stderr.on("data", (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-LAST_WORDS_CHARS)));
    const code = await new Promise<number | null>((done, fail) => {
      running.once("error", fail);
      running.once("exit", done);
    });
    child = undefined;
    if (code !== 0) throw new Error(`the pages could not be built: ${closed ? "the node is stopping" : words.trim()}`);
  };
  const make = async (): Promise<string> => {
    const digest = pagesDigest(root);
    if (!pagesBuilt(root, digest)) {
      await build();
      rememberPages(root, digest);
    }
    return pagesFolder(root);
  };
  return {
    folder() {
      if (closed) return Promise.reject(new Error("the node is stopping"));
      ready ??= make().catch((error: unknown) => {
        ready = undefined; // the next visit tries again
        throw error;
      });
      return ready;
    },
    close() {
      closed = true;
      child?.kill("SIGKILL");
    },
  };
}
