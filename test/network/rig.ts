/** A devnet and a provider as real processes in a fresh folder, for the tests that need the whole way. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killGroup, type Child } from "@zpu/devnet/child";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { folders, registerProvider, startDevnet, startProvider, type RunningDevnet, type RunningProvider, type Watcher } from "@zpu/devnet/session";
import { providerList } from "@zpu/protocol/discovery";
import type { JobView } from "@zpu/ipc/operator/jobs";

/** Real processes in a folder of their own. */
export interface Rig {
  readonly dir: string;
  devnet: RunningDevnet;
  provider: RunningProvider;
  /** What the processes wrote to standard error, the last 200 lines. */
  readonly log: string[];
  /** kill -9 of the provider's daemon; resolves once it is gone. */
  killProvider(): Promise<void>;
  restartProvider(): Promise<void>;
  killDevnet(): Promise<void>;
  restartDevnet(): Promise<void>;
  close(): Promise<void>;
}

/** Whether `pid` runs; a zombie does not count. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Starts a rig: chain, contracts, gateway, requestor, and one registered provider that takes jobs. */
export async function openRig(
  options: { testMode?: boolean; beforeProvider?: (dir: string) => void; afterClose?: (dir: string) => void } = {},
): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), "zpu-rig-"));
  const children: Child[] = [];
  const log: string[] = [];
  const watcher: Watcher = {
    track: (child) => void children.push(child),
    log(name, line) {
      log.push(`[${name}] ${line}`);
      if (log.length > 200) log.shift();
    },
  };
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) await child.stop(2000);
    options.afterClose?.(folders(dir).provider);
    rmSync(dir, { recursive: true, force: true });
  };
  const killHard = async (child: Child): Promise<void> => {
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    killGroup(child.pid);
  };
  try {
    const devnet = await startDevnet(dir, watcher, { port: 0, ...(options.testMode === undefined ? {} : { testMode: options.testMode }) });
    options.beforeProvider?.(folders(dir).provider);
    await registerProvider(dir, devnet, watcher);
    const provider = await startProvider(dir, devnet.url, watcher);
    const rig: Rig = {
      dir,
      devnet,
      provider,
      log,
      async killProvider() {
        rig.provider.disconnect();
        await killHard(rig.provider.child);
      },
      async restartProvider() {
        rig.provider = await startProvider(dir, rig.devnet.url, watcher);
      },
      killDevnet: () => killHard(rig.devnet.child),
      async restartDevnet() {
        rig.devnet = await startDevnet(dir, watcher, {
          port: Number(new URL(rig.devnet.url).port),
          ...(options.testMode === undefined ? {} : { testMode: options.testMode }),
        });
      },
      close,
    };
    await whenListed(rig);
    return rig;
  } catch (error) {
    const words = log.slice(-20).join("\n");
    await close();
    throw new Error(`the rig did not start: ${error instanceof Error ? error.message : "?"}\n${words}`, { cause: error });
  }
}

/** Waits until the provider takes jobs and strangers can find it at the gateway. */
export async function whenListed(rig: Rig, limitMs = 45_000): Promise<void> {
  const until = performance.now() + limitMs;
  await whenSlice(rig.provider.operator.node.status, (status) => status.accepting, limitMs);
  while (performance.now() < until) {
    const { providers } = providerList.parse(await (await fetch(`${rig.devnet.url}/providers`)).json());
    if (providers.some((listing) => listing.provider === rig.provider.provider)) return;
    await sleep(50);
  }
  throw new Error("the gateway does not list the provider");
}

/** The provider's data directory of `rig`. */
export const providerDir = (rig: Rig): string => folders(rig.dir).provider;

/** The job as the provider sees it, once it `fits`. */
export async function whenJob(rig: Rig, jobId: string, fits: (job: JobView) => boolean, limitMs = 60_000): Promise<JobView> {
  const find = (jobs: readonly JobView[]): JobView | undefined => jobs.find((job) => job.jobId === jobId);
  const jobs = await whenSlice(rig.provider.operator.jobs.list, (list) => {
    const job = find(list);
    return job !== undefined && fits(job);
  }, limitMs); // prettier-ignore
  const job = find(jobs);
  if (job === undefined) throw new Error("the job left the list");
  return job;
}
