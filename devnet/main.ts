/** The devnet process: chain, JSON-RPC, contracts, gateway, faucet and requestor on loopback. Prints one JSON line when it is ready, and before that one a second while it replays its chain. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { accountOfKey } from "@zpu/contracts/account";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { DIGITS } from "@zpu/circuits/digits";
import { createGateway } from "@zpu/gateway/gateway";
import type { Route } from "@zpu/gateway/http";
import { serve } from "@zpu/ipc/rpc/serve";
import { createNode } from "@zpu/network/node";
import { ZpuError } from "@zpu/protocol/errors";
import { address, fromHex, modelId } from "@zpu/protocol/ids";
import { createLifecycle } from "@zpu/provider/base/lifecycle";
import { processPipe } from "@zpu/provider/base/process-pipe";
import { openChain as openChainClient } from "@zpu/sdk/escrow";
import { z } from "zod";
import { ensureAccounts } from "./accounts.ts";
import { tokenBalance } from "./chain-evidence.ts";
import { writeFileDurably } from "./chain-journal.ts";
import { openChain } from "./chain.ts";
import { control } from "./control.ts";
import { openDigits } from "./demonstration.ts";
import { ensureDeployed, ensureModel } from "./deployment.ts";
import { openFaucet } from "./faucet.ts";
import { lockDataDir } from "./lock.ts";
import { freePort } from "./ports.ts";
import { openRequestor, type Requestor } from "./requestor.ts";
import { answerAsk, answerFaucet } from "./routes.ts";
import { isLocalRequest, serveRpc } from "./rpc.ts";

const STOP_LIMIT_MS = 700;
/** The providers remember where chain and gateway were, so a restarted devnet takes the same ports where it can. */
const portsFile = z.object({ rpc: z.number().int(), peer: z.number().int() });

interface Settings {
  readonly dataDir: string;
  readonly port: number;
  readonly testMode: boolean;
}

function readSettings(): Settings {
  const { values } = parseArgs({ options: { data: { type: "string" }, port: { type: "string" }, "test-mode": { type: "boolean" } }, strict: true });
  if (values.data === undefined) throw new ZpuError("CONFIG_INVALID", { name: "--data", detail: "a folder is needed" });
  const port = Number(values.port ?? 7788);
  if (!Number.isInteger(port) || port < 0 || port > 65_000)
    throw new ZpuError("CONFIG_INVALID", { name: "--port", detail: "a number from 0 to 65000" });
  return { dataDir: resolve(values.data), port, testMode: values["test-mode"] === true };
}

function preferredPorts(dataDir: string, port: number): { rpc: number; peer: number } {
  const path = join(dataDir, "ports.json");
  if (existsSync(path)) return portsFile.parse(JSON.parse(readFileSync(path, "utf8")));
  return port === 0 ? { rpc: 0, peer: 0 } : { rpc: port + 1, peer: port + 2 };
}

/** Starts everything; resolves with how to stop it and where it is. */
async function start({ dataDir, port, testMode }: Settings): Promise<{ url: string; stop(): Promise<void> }> {
  const lifecycle = createLifecycle(STOP_LIMIT_MS, () => undefined);
  try {
    await lifecycle.start("lock", () => lockDataDir(dataDir), (unlock) => unlock()); // prettier-ignore
    const accounts = ensureAccounts(dataDir);
    const wanted = preferredPorts(dataDir, port);
    const chain = await lifecycle.start(
      "chain",
      () =>
        openChain({
          chainId: DEVNET_CHAIN_ID,
          dataDir,
          prefunded: [accounts.funderAccount],
          onReplay: (done, total) => tell({ event: "replaying", done, total }),
        }),
      (part) => part.close(),
    );
    const rpc = await lifecycle.start(
      "rpc",
      () => serveRpc(chain, { port: wanted.rpc, testMode }),
      (part) => part.close(),
    );
    const { deployment } = await ensureDeployed(chain, dataDir, accounts.funder);
    await ensureModel(chain, deployment, accounts.funder, { modelId: DIGITS.modelId, vkey: JSON.parse(readFileSync(DIGITS.vkey.path, "utf8")) });
    const faucet = await lifecycle.start(
      "faucet",
      () => openFaucet({ chain, deployment, funderKey: accounts.funder }),
      (part) => part.close(),
    );
    const peerPort = await freePort(wanted.peer);
    const node = await lifecycle.start(
      "gateway's peer",
      () => createNode({ peerSeed: fromHex(accounts.gatewaySeed), listen: [`/ip4/127.0.0.1/tcp/${peerPort}`] }),
      (part) => part.stop(),
    );
    writeFileDurably(join(dataDir, "ports.json"), JSON.stringify({ rpc: rpc.port, peer: peerPort }), 0o644);
    const contracts = {
      token: address.parse(deployment.token),
      registry: address.parse(deployment.registry),
      jobs: address.parse(deployment.jobs),
      verifier: address.parse(deployment.verifier),
      treasury: address.parse(deployment.treasury),
    };
    const chainClient = await lifecycle.start(
      "gateway's chain client",
      () => openChainClient({ chainId: Number(DEVNET_CHAIN_ID), rpcUrl: rpc.url, contracts, devnet: true }),
      (part) => part.close(),
    );
    // The requestor needs the gateway's address, the gateway's routes need the requestor.
    const late: { requestor?: Requestor } = {};
    const asked = (): Requestor => {
      if (late.requestor === undefined) throw new ZpuError("NO_PROVIDER", { model: DIGITS.name });
      return late.requestor;
    };
    const httpPort = await freePort(port);
    const local = (route: Route): Route => ({
      ...route,
      handle(question) {
        if (!isLocalRequest(question.request, httpPort)) throw new ZpuError("UNAUTHORISED");
        return route.handle(question);
      },
    });
    const gateway = await lifecycle.start(
      "gateway",
      () =>
        createGateway({
          node,
          chain: chainClient,
          port: httpPort,
          document: (url) => ({
            rpcUrl: rpc.url,
            models: [{ name: DIGITS.name, modelId: modelId.parse(DIGITS.modelId) }],
            devnet: true,
            faucetUrl: `${url}/faucet`,
            askUrl: `${url}/ask`,
          }),
          extraRoutes: [
            local({
              method: "POST",
              path: /^\/faucet$/,
              handle: async (question) => ({ json: await answerFaucet(faucet, await question.body(z.unknown())) }),
            }),
            local({
              method: "POST",
              path: /^\/ask$/,
              handle: async (question) => ({ json: await answerAsk(asked(), await question.body(z.unknown())) }),
            }),
          ],
        }),
      (part) => part.close(),
    );
    late.requestor = await lifecycle.start(
      "requestor",
      () => openRequestor({ url: gateway.url, key: accounts.requestor, account: accountOfKey(accounts.requestor), chain, deployment, faucet }),
      (part) => part.close(),
    );

    const digits = openDigits();
    if (process.send !== undefined) {
      const pipe = processPipe();
      serve(
        control,
        {
          digit: () => digits.next(),
          async demonstrate() {
            const { pixels, label } = await digits.next();
            return { ...(await asked().submit(pixels)), expected: label };
          },
          outcome: ({ jobId, timeoutMs }) => asked().outcome(jobId, timeoutMs),
          tokenBalance: async ({ account }) => ({ balanceWei: await tokenBalance(chain, deployment.token, account) }),
        },
        pipe,
      );
      // Whoever started this process is gone: so is the use of it.
      pipe.onClose(() => void end());
    }
    return { url: gateway.url, stop: () => lifecycle.stop() };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
let running: { url: string; stop(): Promise<void> } | undefined;
let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await running?.stop();
  process.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void end());
try {
  running = await start(readSettings());
  tell({ event: "ready", url: running.url });
} catch (error) {
  const { message, remedy } = ZpuError.wrap(error);
  process.stderr.write(`${message} ${remedy}\n`);
  process.exit(1);
}
