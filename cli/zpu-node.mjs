#!/usr/bin/env node
/** The installed command `zpu-node`: the bootstrap finds or fetches a Node that can run the program, then runs `main.ts` with the same words. */
process.argv.splice(2, 0, "cli/main.ts");
await import("../bootstrap.mjs");
