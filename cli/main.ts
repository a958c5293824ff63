#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
/** `zpu-node`: the command line of a node. Exit code 0: done; 1: an error, said with its remedy; 2: the command makes no sense. */
import { ZpuError } from "@zpu/protocol/errors";
import { parseCommand, USAGE, type Command } from "./arguments.ts";
import { outliveReaders } from "@zpu/provider/base/closed-output";
import { errorJson, errorText, jsonText, say } from "./output.ts";

async function run(command: Command): Promise<number> {
  // Each command loads only what it needs: asking a running node must not wait for the engine.
  switch (command.name) {
    case "help":
      say(USAGE);
      return 0;
    case "start":
      return (await import("./daemon.ts")).runDaemon(command);
    case "register":
      await (await import("./register.ts")).register(command);
      return 0;
    default:
      await (await import("./commands.ts")).runCommand(command);
      return 0;
  }
}

outliveReaders();
const parsed = parseCommand(process.argv.slice(2));
if (!parsed.ok) {
  if (parsed.json) say(jsonText({ error: { code: "USAGE", sentence: parsed.reason, remedy: "zpu-node help" } }));
  else process.stderr.write(`${parsed.reason}\nWhat there is: zpu-node help\n`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await run(parsed.command);
  } catch (error) {
    const known = ZpuError.wrap(error);
    if (known.code === "INTERNAL" && error instanceof Error) process.stderr.write(`${error.stack ?? error.message}\n`);
    if (parsed.command.json) say(errorJson(known));
    else process.stderr.write(`${errorText(known)}\n`);
    process.exitCode = 1;
  }
  // A worker's pipe or a timer that is left must not keep the terminal waiting.
  process.stdout.write("", () => process.exit());
}
