/** `zpu-node start`: the node without a screen, its local socket and its pages; ends everything within three seconds on Ctrl-C. */
import { join } from "node:path";
import type { Handlers } from "@zpu/ipc/rpc/contract";
import { serve } from "@zpu/ipc/rpc/serve";
import { operator } from "@zpu/ipc/operator/contract";
import { forPage } from "@zpu/ipc/operator/page-rule";
import { ZpuError } from "@zpu/protocol/errors";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import { parseConfig, type ProviderConfig } from "@zpu/provider/config";
import type { Ports } from "@zpu/provider/ports";
import { createProvider, type Provider } from "@zpu/provider/provider";
import type { Command } from "./arguments.ts";
import { firstOf } from "./commands.ts";
import { local, type Local } from "./local-contract.ts";
import { lockDataDir } from "./lock.ts";
import { clockText, jsonText, say } from "./output.ts";
import { openPages } from "./pages.ts";
import { dataDirOf, DEFAULT_DEVNET_URL, WEB_PORTS } from "./paths.ts";
import { openInBrowser } from "./ports/browser.ts";
import { createSpawner } from "./ports/spawner.ts";
import { listenLocal, socketPath } from "./socket.ts";
import { openSessions } from "./web-sessions.ts";
import { serveWeb, type Web } from "./web.ts";

type Start = Extract<Command, { name: "start" }>;

/** Whatever hangs, the process is gone by then. */
const STOP_LIMIT_MS = 2_500;
/** A gateway that is there is connected within this time of the start. */
const GATEWAY_MS = 5_000;

const log: Ports["log"] = (level, message, facts = {}) => {
  const details = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`).join(""); // prettier-ignore
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${details}\n`);
};

function configOf(start: Start): ProviderConfig {
  return parseConfig({
    dataDir: dataDirOf(start.dataDir),
    devnetUrl: start.devnetUrl ?? DEFAULT_DEVNET_URL,
    ...(start.listen === undefined ? {} : { listen: [...start.listen] }),
    ...(start.priceWei === undefined ? {} : { priceWei: start.priceWei }),
    ...(start.maxOpenJobs === undefined ? {} : { maxOpenJobs: start.maxOpenJobs }),
    ...(start.minFreeDiskBytes === undefined ? {} : { minFreeDiskBytes: start.minFreeDiskBytes }),
  });
}

/** Runs the node until it is told to stop; returns the exit code. Errors before it is ready are thrown. */
export async function runDaemon(start: Start): Promise<number> {
  const config = configOf(start);
  const lock = lockDataDir(config.dataDir);
  const stopped = Promise.withResolvers<string>();
  const stops: (() => Promise<void> | void)[] = [() => lock.release()];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        log("warn", `a part failed to stop: ${ZpuError.wrap(error).message}`);
      }
    }
  };
  let signalled = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signalled) return; // the launcher may pass a signal on that the terminal has sent already
      signalled = true;
      setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
      stopped.resolve(signal);
    });
  }
  try {
    const ports: Ports = { spawner: createSpawner(), now: Date.now, log };
    const starting = createProvider(config, ports).then((provider) => {
      stops.push(() => provider.stop());
      return provider;
    });
    const provider = await Promise.race([starting, stopped.promise.then(() => undefined)]);
    if (provider) {
      await open(start, config, provider, stops, () => stopped.resolve("stop"));
      log("info", `stopping (${await stopped.promise})`);
    } else await starting.catch(() => undefined);
  } finally {
    await stopAll();
  }
  return 0;
}

async function open(
  start: Start,
  config: ProviderConfig,
  provider: Provider,
  stops: (() => Promise<void> | void)[],
  stop: () => void,
): Promise<void> {
  const sessions = openSessions(join(config.dataDir, "web-sessions.json"), Date.now, log);
  const fromBrowser = forPage(provider.operator);
  const pages = openPages(log);
  stops.push(() => pages.close());
  const web: Web = await serveWeb({
    ports: start.port === undefined ? WEB_PORTS : [start.port],
    pages: () => pages.folder(),
    sessions,
    serveOn: (pipe) => void serve(operator, fromBrowser, pipe),
  });
  stops.push(() => web.close());
  const fromTerminal: Handlers<Local> = {
    ...provider.operator,
    node: {
      ...provider.operator.node,
      stop: () => {
        setTimeout(stop, 20); // the answer leaves first
        return {};
      },
    },
    web: { open: () => ({ url: web.freshUrl() }) },
  };
  const socket = socketPath(config.dataDir);
  const listening = await listenLocal(socket, (pipe) => void serve(local, fromTerminal, pipe));
  stops.push(() => listening.close());

  const webUrl = web.freshUrl();
  if (start.json) say(jsonText({ event: "ready", webUrl, socket, provider: provider.address, pid: process.pid, dataDir: config.dataDir }));
  else
    say(
      `provider ${provider.address} is running; its pages: ${webUrl}\n` +
        "Ctrl-C ends it; from another terminal: zpu-node status, jobs, claim, stop (in a clone: npx zpu-node status, ...)",
    );
  stops.push(tellSteps(start.json, provider));
  if (!start.json) await tellNetwork(config, provider, stops);
  if (start.openBrowser && !start.json && process.stdout.isTTY) openInBrowser(webUrl, log);
}

/** Says that no jobs come while the network is away: at once where the chain does not answer, after a while where no gateway does. */
async function tellNetwork(config: ProviderConfig, provider: Provider, stops: (() => Promise<void> | void)[]): Promise<void> {
  const { status } = provider.operator.node;
  const { chain } = await firstOf(status);
  const noJobs = (what: string): void => say(`It takes no jobs until the network answers at ${config.devnetUrl} (${what}); it keeps trying.`);
  if (!chain.reachable) return noJobs(`the chain is silent: ${chain.rpcUrl}`);
  let peers = 0;
  const unwatch = status((now) => void (peers = now.peers));
  const timer = setTimeout(() => {
    unwatch();
    if (peers === 0) noJobs("no gateway is connected");
  }, GATEWAY_MS);
  stops.push(() => {
    clearTimeout(timer);
    unwatch();
  });
}

/** One line per recorded step. */
function tellSteps(json: boolean, provider: Provider): () => void {
  const told = new Map<string, number>();
  return provider.steps.on((job) => {
    const event = job.events.at(-1);
    if (!event || told.get(job.jobId) === job.events.length) return;
    told.set(job.jobId, job.events.length);
    for (const oldest of told.keys()) {
      if (told.size <= 1_000) break;
      told.delete(oldest);
    }
    const { error } = event;
    if (json) say(jsonText({ event: "job", jobId: job.jobId, ...event, priceWei: job.facts.spec.priceWei }));
    else {
      const amount = event.state === "paid" ? `  ${weiToTokens(job.facts.spec.priceWei)} ${TOKEN_SYMBOL}` : "";
      say(`${clockText(event.atMs)}  job ${job.jobId.slice(0, 10)}  ${event.state}${amount}${error ? `  ${error.code}` : ""}`);
    }
  });
}
