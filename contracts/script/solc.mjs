/** Gives the npm compiler the interface of a native one, as far as forge uses it: `--version`, and `--standard-json` from stdin to stdout. */
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

/** writeSync until everything is out: a pipe takes less than it is offered. */
function write(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (args.includes("--version")) {
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (args.includes("--standard-json")) {
  // Every source arrives inline; options that name paths (--base-path, --include-path, --allow-paths) have nothing to open.
  write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`not supported: ${args.join(" ")}\n`);
  process.exit(1);
}
