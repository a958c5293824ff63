/** The processes of a node beside core: what each is given when it starts, and what core gets to talk to it. */
import { join } from "node:path";
import { connect, type ConnectOptions } from "@zpu/ipc/rpc/connect";
import type { Client } from "@zpu/ipc/rpc/contract";
import { duplex } from "@zpu/ipc/rpc/duplex";
import { serve } from "@zpu/ipc/rpc/serve";
import { executor } from "@zpu/ipc/workers/executor";
import { market, network, type NetworkState } from "@zpu/ipc/workers/network";
import { prover } from "@zpu/ipc/workers/prover";
import { sensors } from "@zpu/ipc/workers/sensors";
import { signer, type NodeIdentity } from "@zpu/ipc/workers/signer";
import type { HardwareView } from "@zpu/ipc/operator/node";
import { ZpuError } from "@zpu/protocol/errors";
import type { Offering } from "@zpu/protocol/messages";
import { supervise, type Supervised } from "./base/supervisor.ts";
import type { ProvableModel } from "./jobs/models.ts";
import type { JobSessions } from "./market/job-session.ts";
import type { Ports, WorkerName } from "./ports.ts";
import type { PinnedContracts } from "./wallet/intents.ts";
import { nodeKeyPath } from "./wallet/key-file.ts";

interface Common {
  readonly ports: Ports;
  readonly changed: () => void;
}

/** What a worker's watch may go wrong with is written to the log; what it watches keeps its last state. */
const watchErrors = ({ log }: Ports, name: WorkerName): ConnectOptions => ({
  onError: (error, path) => log("warn", `${name} process: the watch on ${path} failed: ${error.message}`, { code: error.code }),
});

const entryOf = (path: string): string => new URL(path, import.meta.url).href;

/** What the signer is told each time it starts; `opened` hears whose keys it holds. Keys that change while the node runs are KEY_FILE_INVALID. */
export interface SignerOpening {
  readonly dataDir: string;
  readonly contracts: PinnedContracts;
  readonly opened: (identity: NodeIdentity) => void;
}

/** The signer, with keys made where there were none, unlocked for one chain and its contracts; always running. */
export function superviseSigner(common: Common, { dataDir, contracts, opened }: SignerOpening): Supervised<Client<typeof signer>> {
  const keyFile = nodeKeyPath(dataDir);
  let first: NodeIdentity | undefined;
  return supervise({
    name: "signer",
    entry: entryOf("./wallet/signer-process.ts"),
    diedCode: "SIGNER_DIED",
    always: true,
    async prepare(pipe) {
      const client = connect(signer, pipe, "SIGNER_DIED", watchErrors(common.ports, "signer"));
      await client.ensureKeys({ dataDir });
      const identity = await client.unlock({ keyFile, protectionFile: join(dataDir, "signer.sqlite"), contracts });
      if (first !== undefined && first.owner !== identity.owner) {
        throw new ZpuError("KEY_FILE_INVALID", { path: keyFile, detail: "its keys are not those that this node started with" });
      }
      first = identity;
      opened(identity);
      return client;
    },
    ...common,
  });
}

/** An executor with one model loaded; started when it is first needed. */
export function superviseExecutor(
  common: Common,
  model: ProvableModel,
  restAfterMs: number,
): Supervised<{ client: Client<typeof executor>; engine: string }> {
  return supervise({
    restAfterMs,
    name: "executor",
    entry: entryOf("./execution/executor-process.ts"),
    diedCode: "EXECUTOR_DIED",
    always: false,
    async prepare(pipe) {
      const client = connect(executor, pipe, "EXECUTOR_DIED", watchErrors(common.ports, "executor"));
      const { engine } = await client.load({ ...model.onnx });
      return { client, engine };
    },
    ...common,
  });
}

/** A prover with one model's witness program and keys in memory; started when it is first needed. */
export function superviseProver(common: Common, model: ProvableModel, restAfterMs: number): Supervised<Client<typeof prover>> {
  return supervise({
    restAfterMs,
    name: "prover",
    entry: entryOf("./proving/prover-process.ts"),
    diedCode: "PROVER_DIED",
    always: false,
    async prepare(pipe) {
      const client = connect(prover, pipe, "PROVER_DIED", watchErrors(common.ports, "prover"));
      await client.load({ ...model.proverFiles });
      return client;
    },
    ...common,
  });
}

/** What the network process is told each time it starts. */
export interface NetworkOpening {
  readonly keyFile: string;
  readonly listen: string[];
  readonly chainId: bigint;
  readonly identity: NodeIdentity;
  readonly offerings: () => Offering[];
  /** Unix seconds at which a binding signed now ends. */
  readonly bindingEndsAt: () => number;
  readonly signer: Supervised<Client<typeof signer>>;
  readonly gateways: () => string[];
  readonly sessions: () => JobSessions;
  readonly opened: (peerId: string) => void;
  readonly state: (state: NetworkState) => void;
}

/** Signs the binding anew and has the network process say it. */
export async function announce(client: Client<typeof network>, opening: NetworkOpening): Promise<void> {
  const { identity } = opening;
  const binding = {
    provider: identity.owner,
    operator: identity.operator,
    peerKey: identity.peerKey,
    encryptionKey: identity.encryptionKey,
    expiresAt: opening.bindingEndsAt(),
  };
  const signatures = await (await opening.signer.client()).signBinding({ binding });
  await client.announce({ binding: { binding, ...signatures }, offerings: opening.offerings() });
}

/** The network process: opened, announced and dialling its gateways; always running. */
export function superviseNetwork(common: Common, opening: NetworkOpening): Supervised<Client<typeof network>> {
  return supervise({
    name: "network",
    entry: entryOf("./market/peer-process.ts"),
    diedCode: "NETWORK_DIED",
    always: true,
    async prepare(pipe) {
      const { client: toNode, server } = duplex(pipe);
      const sessions = opening.sessions();
      sessions.reset();
      serve(
        market,
        {
          async request({ channelId, request, input }) {
            await sessions.request(channelId, request, input);
            return {};
          },
          ended({ channelId }) {
            sessions.ended(channelId);
            return {};
          },
          receipt: ({ message }) => ({ reply: sessions.receipt(message) }),
        },
        server,
      );
      const client = connect(network, toNode, "NETWORK_DIED", watchErrors(common.ports, "network"));
      const { keyFile, listen, chainId, identity } = opening;
      const opened = await client.open({ keyFile, listen, chainId });
      if (opened.peerKey !== identity.peerKey || opened.encryptionKey !== identity.encryptionKey) {
        throw new ZpuError("KEY_FILE_INVALID", { path: keyFile, detail: "its keys are not those of this node" });
      }
      opening.opened(opened.peerId);
      await announce(client, opening);
      await client.gateways({ multiaddrs: opening.gateways() });
      client.state(opening.state);
      return client;
    },
    ...common,
  });
}

/** Looks at the hardware in a process of its own, which ends when it has answered. */
export async function detectHardware(ports: Ports, limitMs = 20_000): Promise<HardwareView> {
  const name: WorkerName = "sensors";
  const worker = ports.spawner.spawn(name, entryOf("./hardware/sensors-process.ts"));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ZpuError("TIMEOUT", { ms: limitMs, waiting: "looking at the hardware" })), limitMs);
  });
  try {
    return await Promise.race([connect(sensors, worker.pipe, "INTERNAL", watchErrors(ports, name)).detect({}), late]);
  } finally {
    clearTimeout(timer);
    worker.kill();
  }
}
