/** The command line, parsed: a pure function from words to what is to be done, or to why they make no sense. */
import { parseArgs } from "node:util";
import { tokensToWei } from "@zpu/protocol/money";

export const USAGE = `usage: zpu-node COMMAND [options]      (in a clone: npx zpu-node COMMAND, or npm run zpu-node -- COMMAND)

  --register-node --stake 1000NZIDIA   register this node with a stake (also: zpu-node register --stake ...)
  start     run the node        --port N  --no-browser  --listen MULTIADDR  --price 2NZIDIA  --max-open-jobs N  --min-free-disk BYTES
  status    what the node is doing
  jobs      the newest jobs     --limit N
  claim     move what was earned to the payout address
  ask       have a digit recognised by a paid job (devnet)     --image digit.png  --label N
  open      print a fresh address of the node's pages
  stop      end the node in good order
  help      this text

for every command:
  --data DIR      folder of the node's keys, jobs and money (default: $ZPU_DATA/provider, or .data/devnet/provider)
  --devnet URL    web address of the network (default: http://127.0.0.1:7788)
  --json          answer in JSON
`;

/** What every command knows. `dataDir` and `devnetUrl` are undefined where the defaults hold. */
export interface Common {
  readonly json: boolean;
  readonly dataDir: string | undefined;
  readonly devnetUrl: string | undefined;
}
export type Command = Common &
  (
    | { readonly name: "register"; readonly stakeWei: bigint }
    | {
        readonly name: "start";
        readonly port: number | undefined;
        readonly openBrowser: boolean;
        readonly listen: readonly string[] | undefined;
        readonly priceWei: bigint | undefined;
        readonly maxOpenJobs: number | undefined;
        readonly minFreeDiskBytes: number | undefined;
      }
    | { readonly name: "jobs"; readonly limit: number }
    | { readonly name: "ask"; readonly image: string; readonly label: number | undefined }
    | { readonly name: "status" }
    | { readonly name: "claim" }
    | { readonly name: "open" }
    | { readonly name: "stop" }
    | { readonly name: "help" }
  );
export type ParsedCommand =
  { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly reason: string; readonly json: boolean };

const COMMON = { data: { type: "string" }, devnet: { type: "string" }, json: { type: "boolean" } } as const;
const OPTIONS = {
  register: { stake: { type: "string" } },
  start: {
    port: { type: "string" },
    "no-browser": { type: "boolean" },
    listen: { type: "string", multiple: true },
    price: { type: "string" },
    "max-open-jobs": { type: "string" },
    "min-free-disk": { type: "string" },
  },
  status: {},
  jobs: { limit: { type: "string" } },
  claim: {},
  ask: { image: { type: "string" }, label: { type: "string" } },
  open: {},
  stop: {},
  help: {},
} as const;
type Name = keyof typeof OPTIONS;

class UsageError extends Error {}

function wholeNumber(option: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new UsageError(`--${option} takes a whole number from ${min} to ${max}, not '${text}'`);
  return value;
}

function amount(option: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  try {
    return tokensToWei(text);
  } catch {
    throw new UsageError(`--${option} takes an amount such as 1000NZIDIA or 0.25, not '${text}'`);
  }
}

/** Reads `words` (without node and script). */
export function parseCommand(words: readonly string[]): ParsedCommand {
  const json = words.includes("--json");
  try {
    return { ok: true, command: read(words) };
  } catch (error) {
    // parseArgs says in a sentence what it does not know; only its advice about positionals is left out.
    const message = error instanceof Error ? (error.message.split(". To specify")[0] ?? error.message) : String(error);
    return { ok: false, reason: message, json };
  }
}

function read(words: readonly string[]): Command {
  const registering = words.includes("--register-node");
  const rest = words.filter((word) => word !== "--register-node");
  const asksHelp = rest.includes("--help") || rest.includes("-h");
  if (asksHelp || (rest.length === 0 && !registering))
    return { name: "help", json: rest.includes("--json"), dataDir: undefined, devnetUrl: undefined };
  const at = commandAt(rest);
  const named = rest[at];
  const name = registering ? "register" : named;
  if (registering && named !== undefined && named !== "register") throw new UsageError(`--register-node and ${named} are two commands`);
  if (name === undefined) throw new UsageError(`there is no command beside '${rest.join(" ")}'`);
  if (!Object.hasOwn(OPTIONS, name)) throw new UsageError(`there is no command '${name}'`);
  return readCommand(name as Name, rest.toSpliced(at, 1));
}

/** Where the command stands: the first word that is neither an option nor the value of one; `words.length` where there is none. */
function commandAt(words: readonly string[]): number {
  const options = new Map([COMMON, ...Object.values(OPTIONS)].flatMap((group) => Object.entries<{ type: string }>(group)));
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) return at;
    if (!word.includes("=") && options.get(word.slice(2))?.type === "string") at += 1;
  }
  return words.length;
}

function readCommand(name: Name, args: string[]): Command {
  const parsed = parseArgs({ args, options: { ...COMMON, ...OPTIONS[name] }, strict: true, allowPositionals: false });
  const values = parsed.values as Record<string, string | boolean | string[] | undefined>;
  const text = (option: string): string | undefined => {
    const value = values[option];
    if (value === "") throw new UsageError(`--${option} needs a value`);
    return typeof value === "string" ? value : undefined;
  };
  const common: Common = { json: values.json === true, dataDir: text("data"), devnetUrl: text("devnet") };
  if (common.devnetUrl !== undefined && !/^https?:\/\//.test(common.devnetUrl)) {
    throw new UsageError(`--devnet takes a web address such as http://127.0.0.1:7788, not '${common.devnetUrl}'`);
  }
  switch (name) {
    case "register": {
      const stakeWei = amount("stake", text("stake"));
      if (stakeWei === undefined) throw new UsageError("registering needs --stake, for example --stake 1000NZIDIA");
      return { ...common, name, stakeWei };
    }
    case "start":
      return {
        ...common,
        name,
        port: wholeNumber("port", text("port"), 0, 65_535),
        openBrowser: values["no-browser"] !== true,
        listen: Array.isArray(values.listen) ? values.listen : undefined,
        priceWei: amount("price", text("price")),
        maxOpenJobs: wholeNumber("max-open-jobs", text("max-open-jobs"), 1, 64),
        minFreeDiskBytes: wholeNumber("min-free-disk", text("min-free-disk"), 0, Number.MAX_SAFE_INTEGER),
      };
    case "jobs":
      return { ...common, name, limit: wholeNumber("limit", text("limit"), 1, 200) ?? 20 };
    case "ask": {
      const image = text("image");
      if (image === undefined) throw new UsageError("asking needs --image, for example --image digit.png");
      return { ...common, name, image, label: wholeNumber("label", text("label"), 0, 9) };
    }
    default:
      return { ...common, name };
  }
}
