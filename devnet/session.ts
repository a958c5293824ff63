/** A whole devnet as processes: the devnet process, the provider's registration, the provider's daemon, and typed clients of both. */
import { join } from "node:path";
import { operator, type Operator } from "@zpu/ipc/operator/contract";
import { connect } from "@zpu/ipc/rpc/connect";
import type { Client } from "@zpu/ipc/rpc/contract";
import { address } from "@zpu/protocol/ids";
import { z } from "zod";
import { launch, orExit, ROOT, runToEnd, type Child } from "./child.ts";
import { control } from "./control.ts";
import { openSocketPipe } from "./socket-pipe.ts";

/** Stake of the demonstration provider, as the command line takes it. */
export const STAKE = "1000NZIDIA";
/** A child that says nothing for so long while it starts has failed; one that reports progress may take as long as it needs. */
const SILENCE_LIMIT_MS = 60_000;

const devnetReplaying = z.object({ event: z.literal("replaying"), done: z.number().int(), total: z.number().int() });
const devnetReady = z.object({ event: z.literal("ready"), url: z.string() });
const daemonReady = z.object({ event: z.literal("ready"), webUrl: z.string().optional(), socket: z.string(), provider: address });

/** Hears about every child (so that all can be stopped) and every line they write to standard error. */
export interface Watcher {
  readonly track: (child: Child) => void;
  readonly log: (name: string, line: string) => void;
  /** Hears what a start that takes long is about, for people. */
  readonly progress?: (line: string) => void;
}

/** A running devnet process. */
export interface RunningDevnet {
  readonly child: Child;
  readonly url: string;
  readonly control: Client<typeof control>;
}

/** A running provider daemon. */
export interface RunningProvider {
  readonly child: Child;
  readonly provider: string;
  readonly webUrl: string | undefined;
  readonly operator: Client<Operator>;
  disconnect(): void;
}

/** Where the provider's and the devnet's own data live under the launcher's data directory. */
export const folders = (dataDir: string): { chain: string; provider: string } => ({
  chain: join(dataDir, "chain"),
  provider: join(dataDir, "provider"),
});

const lastLines = (): { add(line: string): void; text(): string } => {
  const kept: string[] = [];
  return {
    add(line) {
      kept.push(line);
      if (kept.length > 6) kept.shift();
    },
    text: () => kept.join(" / "),
  };
};

/** Reads `text` as JSON that fits `schema`; undefined where it is something else, such as a line for people. */
function eventIn<T extends z.ZodType>(schema: T, text: string): z.infer<T> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The first JSON line of a child's output that fits `schema`. */
function firstEvent<T extends z.ZodType>(schema: T): { line(text: string): void; value: Promise<z.infer<T>> } {
  let resolve: (value: z.infer<T>) => void = () => undefined;
  const value = new Promise<z.infer<T>>((done) => (resolve = done));
  return {
    value,
    line(text) {
      const event = eventIn(schema, text);
      if (event !== undefined) resolve(event);
    },
  };
}

/** `value`, or an error once nothing was heard for `limitMs`; `heard` starts that time anew. */
export function withoutSilence<T>(name: string, value: Promise<T>, limitMs = SILENCE_LIMIT_MS): { heard(): void; value: Promise<T> } {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`the ${name} said nothing for ${limitMs / 1000} s and is not ready`)), limitMs);
  return { heard: () => void timer.refresh(), value: Promise.race([value, late.promise]).finally(() => clearTimeout(timer)) };
}

/** Starts the devnet process on `dataDir`; resolves once it serves. */
export async function startDevnet(dataDir: string, watcher: Watcher, options: { port?: number; testMode?: boolean } = {}): Promise<RunningDevnet> {
  const ready = firstEvent(devnetReady);
  const words = lastLines();
  const child = launch({
    name: "devnet",
    entry: join(ROOT, "devnet", "main.ts"),
    args: ["--data", folders(dataDir).chain, "--port", String(options.port ?? 7788), ...(options.testMode === true ? ["--test-mode"] : [])],
    pipe: true,
    onLine(line) {
      ready.line(line);
      const replaying = eventIn(devnetReplaying, line);
      if (replaying === undefined) return;
      starting.heard();
      const percent = Math.floor((100 * replaying.done) / replaying.total);
      watcher.progress?.(`replaying the chain: ${replaying.done} of ${replaying.total} transactions (${percent} %)`);
    },
    onErrorLine(line) {
      words.add(line);
      watcher.log("devnet", line);
    },
  });
  watcher.track(child);
  const starting = withoutSilence(
    "devnet",
    orExit(child, ready.value, () => words.text()),
  );
  const { url } = await starting.value;
  if (child.pipe === undefined) throw new Error("the devnet process has no pipe");
  return { child, url, control: connect(control, child.pipe) };
}

/** Runs the registration command: it has the signer make the keys, funds their accounts from the faucet and registers the node, each where it is not done. */
export async function registerProvider(dataDir: string, devnet: RunningDevnet, watcher: Watcher): Promise<void> {
  const dir = folders(dataDir).provider;
  const words = lastLines();
  const hear = (line: string): void => {
    words.add(line);
    watcher.log("register", line);
  };
  const args = ["--register-node", "--stake", STAKE, "--devnet", devnet.url, "--data", dir, "--json"];
  const code = await runToEnd({ name: "registration", entry: join(ROOT, "cli", "main.ts"), args, onLine: hear, onErrorLine: hear }, (child) =>
    watcher.track(child),
  );
  if (code !== 0) throw new Error(`the provider could not be registered: ${words.text()}`);
}

/** Starts the provider's daemon; resolves once it is ready and its operator socket is open. */
export async function startProvider(dataDir: string, devnetUrl: string, watcher: Watcher, options: { port?: number } = {}): Promise<RunningProvider> {
  const ready = firstEvent(daemonReady);
  const words = lastLines();
  const child = launch({
    name: "provider",
    entry: join(ROOT, "cli", "main.ts"),
    args: [
      "start",
      "--devnet",
      devnetUrl,
      "--data",
      folders(dataDir).provider,
      "--json",
      "--no-browser",
      ...(options.port === undefined ? [] : ["--port", String(options.port)]),
    ],
    onLine: (line) => ready.line(line),
    onErrorLine(line) {
      words.add(line);
      watcher.log("provider", line);
    },
  });
  watcher.track(child);
  const { webUrl, socket, provider } = await withoutSilence(
    "provider",
    orExit(child, ready.value, () => words.text()),
  ).value;
  const pipe = await openSocketPipe(socket);
  return { child, provider, webUrl, operator: connect(operator, pipe), disconnect: () => pipe.close() };
}
