/** A whole node: builds every part by hand, starts them in order, stops them in reverse. Knows nothing of screens or terminals. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Handlers } from "@zpu/ipc/rpc/contract";
import type { Operator } from "@zpu/ipc/operator/contract";
import type { HardwareView } from "@zpu/ipc/operator/node";
import type { NetworkState } from "@zpu/ipc/workers/network";
import { randomSalt } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import type { Address } from "@zpu/protocol/ids";
import type { Offering } from "@zpu/protocol/messages";
import { openBlobs } from "./base/blobs.ts";
import { watchDisk } from "./base/disk.ts";
import { createLifecycle } from "./base/lifecycle.ts";
import { createView, logged, type Signal } from "./base/slice.ts";
import { startChainSide } from "./chain-side.ts";
import type { ProviderConfig } from "./config.ts";
import { createModelWorkers } from "./jobs/model-workers.ts";
import { digitsModel, type ProvableModel } from "./jobs/models.ts";
import type { JobRecord } from "./jobs/record.ts";
import { createRunner } from "./jobs/runner.ts";
import { refusalOfNode, type AdmissionContext } from "./market/admission.ts";
import { createJobSessions, type JobSessions } from "./market/job-session.ts";
import { watchRegistration } from "./market/registration-watch.ts";
import { nodeStatus } from "./node-status.ts";
import { createOperator } from "./operator.ts";
import type { Ports } from "./ports.ts";
import { createClaims } from "./settlement/claims.ts";
import { buildReceipt, signReceipt } from "./settlement/receipts.ts";
import { networkKeyPath } from "./wallet/key-file.ts";
import { recoverPersonalSigner, recoverReceiptSigner } from "./wallet/typed-data.ts";
import { announce, detectHardware, superviseNetwork, type NetworkOpening } from "./workers.ts";

const STOP_LIMIT_MS = 1_000;
const STATUS_PACE_MS = 50;
/** A signer that has not signed after this long hangs; it never signs twice, so it may be started again. */
const SIGN_LIMIT_MS = 30_000;
const BINDING_DAYS = 30;
const DAY_MS = 86_400_000;
/** While no gateway is connected or the chain is silent their addresses are looked up again this often: they may have moved. */
const REDISCOVER_MS = 5_000;

/** A running node. */
export interface Provider {
  readonly address: Address;
  /** Answers to everything the owner may ask; `node.stop` belongs to whoever runs the node. */
  readonly operator: Handlers<Operator>;
  /** Every recorded step of every job. */
  readonly steps: Signal<JobRecord>;
  /** Stops everything in reverse order; what was on its way goes on after the next start. */
  stop(): Promise<void>;
}

/**
 * Starts a node that offers `models`. Throws CHAIN_UNREACHABLE where the network's address was never reached, CHAIN_MISMATCH where
 * it is another network than the one this data directory worked on, KEY_FILE_*, DISK_FULL.
 */
export async function createProvider(config: ProviderConfig, ports: Ports, models: readonly ProvableModel[] = [digitsModel()]): Promise<Provider> {
  const { log, now } = ports;
  const startedAtMs = now();
  const lifecycle = createLifecycle(STOP_LIMIT_MS, (level, message) => log(level, message));
  const nothing = (): void => undefined;
  try {
    // Filled below; what is told before a part is there is told again by its first value.
    let touchStatus: () => void = nothing;
    const common = { ports, changed: () => touchStatus() };
    const { identity, roles, contracts, document, rediscover, journal, signer, settlement } = await startChainSide(
      lifecycle,
      config,
      ports,
      common.changed,
    );
    const domain = { chainId: contracts.chainId, jobs: contracts.jobs };
    const blobs = openBlobs(join(config.dataDir, "blobs"));
    const disk = watchDisk(config.dataDir, config.minFreeDiskBytes, now);

    const registration = await lifecycle.start(
      "registration watch",
      () => watchRegistration(settlement, log, () => touchStatus()),
      (part) => part.stop(),
    );
    const workers = await lifecycle.start(
      "model workers",
      () => createModelWorkers(common, models, config, log),
      (part) => part.stop(),
    );

    const runner = await lifecycle.start(
      "runner",
      () =>
        createRunner({
          journal,
          blobs,
          settlement,
          identity: { chainId: contracts.chainId, jobsContract: contracts.jobs, provider: identity.owner },
          execute: workers.execute,
          prove: workers.prove,
          async signReceipt(receipt) {
            const { provider: _provider, requestor: _requestor, modelId: _modelId, ...run } = receipt;
            const guarded = buildReceipt(run, await settlement.job(receipt.jobId), identity.owner);
            const signed = await signer.within(SIGN_LIMIT_MS, (client) =>
              signReceipt(guarded, { signer: client, domain, operator: identity.operator }),
            );
            return signed.signature;
          },
          drawSalt: () => randomSalt((count) => randomBytes(count)),
          hasPlace: () => journal.workingCount() < config.maxOpenJobs,
          diskFull: () => disk.failed(),
          now,
          log,
        }),
      (part) => part.stop(),
    );

    const offerings = (): Offering[] =>
      workers.offered().map(({ modelId, name }) => ({ modelId, name, priceWei: config.priceWei, proof: "zk" as const }));
    const admissionContext = (): AdmissionContext => ({
      nowMs: now(),
      provider: identity.owner,
      offerings: offerings(),
      openJobs: journal.workingCount(),
      maxOpenJobs: config.maxOpenJobs,
      openOffers: journal.offerCount(),
      maxOffers: config.maxOffers,
      offersOf: (requestor) => journal.offerCount(requestor),
      maxOffersPerRequestor: config.maxOffersPerRequestor,
      diskFull: disk.full(),
      chain: { reachable: settlement.head().reachable, rpcUrl: document().rpcUrl },
      registration: registration.get(),
      minWorkMs: config.minWorkMs,
      minPostMs: config.minPostMs,
      maxPostMs: config.maxPostMs,
      recoverRequestor: recoverPersonalSigner,
    });
    const sessions: JobSessions = await lifecycle.start(
      "job sessions",
      () =>
        createJobSessions({
          journal,
          blobs,
          runner,
          async admissionContext() {
            await registration.known();
            return admissionContext();
          },
          async reply(channelId, reply, last) {
            await (await network.client()).reply({ channelId, reply, last });
          },
          sealOutput: async (job) => (await (await network.client()).sealOutput(job)).sealed,
          recoverReceiptSigner: (receipt, signature) => recoverReceiptSigner(domain, receipt, signature),
          now,
          log,
          diskFull: () => disk.failed(),
          admitted: () => workers.warm(),
        }),
      (part) => part.stop(),
    );

    let peerId: string | undefined;
    let networkState: NetworkState = { multiaddrs: [], peers: 0, gateways: 0 };
    const opening: NetworkOpening = {
      keyFile: networkKeyPath(config.dataDir),
      listen: config.listen,
      chainId: contracts.chainId,
      identity,
      offerings,
      bindingEndsAt: () => Math.floor((now() + BINDING_DAYS * DAY_MS) / 1000),
      signer,
      gateways: () => document().multiaddrs,
      sessions: () => sessions,
      opened: (id) => (peerId = id),
      state(next) {
        networkState = next;
        touchStatus();
      },
    };
    const network = await lifecycle.start(
      "network",
      () => superviseNetwork(common, opening),
      (part) => part.stop(),
    );

    let hardware: HardwareView | undefined;
    const status = await lifecycle.start(
      "status",
      () =>
        createView(
          STATUS_PACE_MS,
          () =>
            nodeStatus({
              startedAtMs,
              identity,
              peerId,
              network: networkState,
              registration: registration.get(),
              chain: { chainId: contracts.chainId, ...settlement.head() },
              document: document(),
              networkUrl: config.devnetUrl,
              reason: settlement.fault() ?? workers.fault() ?? refusalOfNode(admissionContext()),
              offerings: offerings(),
              processes: [network.view(), signer.view(), ...workers.views()],
              hardware,
            }),
          logged(log, "the status was not told"),
        ),
      (part) => part.stop(),
    );
    touchStatus = status.touch;
    await lifecycle.start(
      "status watch",
      () => [settlement.onHead(status.touch), runner.steps.on(status.touch)],
      (offs) => {
        for (const off of offs) off();
      },
    );
    const lookUp = async (): Promise<void> => {
      status.touch();
      if (networkState.gateways > 0 && settlement.head().reachable) return;
      const { multiaddrs } = await rediscover();
      await (await network.client()).gateways({ multiaddrs });
    };
    await lifecycle.start(
      "gateway lookup",
      () => [
        setInterval(
          () => void lookUp().catch((error: unknown) => log("warn", `gateways were not looked up: ${ZpuError.wrap(error).message}`)),
          REDISCOVER_MS,
        ),
        setInterval(
          () =>
            void network
              .client()
              .then((client) => announce(client, opening))
              .catch(nothing),
          DAY_MS,
        ),
      ],
      (timers) => {
        for (const timer of timers) clearInterval(timer);
      },
    );
    const claims = createClaims({ settlement, roles });
    const operator = await lifecycle.start(
      "operator",
      () => createOperator({ journal, blobs, steps: runner.steps, settlement, claims, status: status.source, discovery: document, log }),
      (part) => part.stop(),
    );
    runner.resume();
    detectHardware(ports).then(
      (view) => {
        hardware = view;
        status.touch();
      },
      (error: unknown) => {
        if (!lifecycle.stopping) log("warn", `the hardware was not recognised: ${ZpuError.wrap(error).message}`);
      },
    );
    return { address: identity.owner, operator: operator.handlers, steps: runner.steps, stop: () => lifecycle.stop() };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
