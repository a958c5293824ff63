/** The base line: start-up, the round trip of a paid job stage by stage, and what each process costs when nothing happens. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "@zpu/devnet/child";
import { whenSlice } from "@zpu/devnet/jobs-run";
import { registerProvider, startDevnet, startProvider, type RunningDevnet, type RunningProvider, type Watcher } from "@zpu/devnet/session";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { JobState } from "@zpu/protocol/job";
import { ZPUClient } from "@zpu/sdk";
import { cpuSeconds, pssBytes } from "./process-figures.ts";

const WARM_JOBS = 7;
const IDLE_SECONDS = 20;
const STAGES = ["network", "post", "accept", "run", "witness", "prove", "check", "verify", "settle", "total"] as const;
/** Milliseconds of each stage of one job; see `stagesOf`. */
type Stages = Record<(typeof STAGES)[number], number>;

const round = (value: number): number => Math.round(value * 10) / 10;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * One job by stage. network: from the request to the provider's journal (provider list, binding check, sealing, stream) plus the result's
 * way back; post and accept: the two transactions before the work; run: the model; witness, prove: the prover; check: the prover's own
 * verification; verify: the proof on the chain; settle: the payment. Provider and requestor share this machine's clock.
 */
function stagesOf(view: JobView, startedAtMs: number, receivedAtMs: number): Stages {
  const at = (state: JobState): number => {
    const event = view.events.find((candidate) => candidate.state === state);
    if (!event) throw new Error(`job ${view.jobId} never was ${state}`);
    return event.atMs;
  };
  const { run, witness, prove, verify } = view.stagesMs;
  if (run === undefined || witness === undefined || prove === undefined || verify === undefined) throw new Error(`job ${view.jobId} lacks a stage`);
  return {
    network: at("offered") - startedAtMs + Math.max(0, receivedAtMs - at("proven")),
    post: at("accepting") - at("offered"),
    accept: at("accepted") - at("accepting"),
    run,
    witness,
    prove,
    check: verify,
    verify: at("verified") - at("submitting"),
    settle: at("paid") - at("settling"),
    total: at("paid") - startedAtMs,
  };
}

async function oneJob(client: ZPUClient, devnet: RunningDevnet, provider: RunningProvider): Promise<{ stages: Stages; correct: boolean }> {
  const { pixels, label } = await devnet.control.digit({});
  const startedAtMs = Date.now();
  const { jobId } = await client.submitJob({ model: "digits-mlp", input: { pixels }, maxBudget: 2500 });
  const result = await client.result(jobId, { until: "paid" });
  const verification = await client.verify(jobId);
  if (!verification.verified || !verification.onChainVerified) throw new Error(`the proof of ${jobId} does not verify`);
  const list = await whenSlice(provider.operator.jobs.list, (jobs) => jobs.some((job) => job.jobId === jobId && job.state === "paid"), 30_000);
  const view = list.find((job) => job.jobId === jobId);
  if (!view) throw new Error(`the provider does not know ${jobId}`);
  return { stages: stagesOf(view, startedAtMs, result.receivedAtMs), correct: result.digit === label };
}

async function idleFigures(processes: ReadonlyMap<string, number>): Promise<Record<string, { idleCpuCores: number; pssBytes: number }>> {
  const before = new Map([...processes].map(([name, pid]) => [name, cpuSeconds(pid)]));
  const startedAt = performance.now();
  await sleep(IDLE_SECONDS * 1000);
  const seconds = (performance.now() - startedAt) / 1000;
  return Object.fromEntries(
    [...processes].map(([name, pid]) => [
      name,
      { idleCpuCores: Math.round(((cpuSeconds(pid) - (before.get(name) ?? 0)) / seconds) * 10_000) / 10_000, pssBytes: pssBytes(pid) },
    ]),
  );
}

/** Runs the bench on a fresh data directory; throws where a proof does not verify or a job is not paid. */
export async function run(): Promise<Record<string, unknown>> {
  if (process.platform !== "linux") throw new Error("the memory and CPU figures are read from /proc, which only Linux has");
  const dataDir = mkdtempSync(join(tmpdir(), "zpu-bench-"));
  const children: Child[] = [];
  const watcher: Watcher = { track: (child) => void children.push(child), log: () => undefined };
  const startedAt = performance.now();
  const since = (): number => Math.round(performance.now() - startedAt);
  let client: ZPUClient | undefined;
  let provider: RunningProvider | undefined;
  try {
    const devnet = await startDevnet(dataDir, watcher);
    const devnetReadyMs = since();
    await registerProvider(dataDir, devnet, watcher);
    const registeredMs = since();
    provider = await startProvider(dataDir, devnet.url, watcher);
    await whenSlice(provider.operator.node.status, (status) => status.accepting && status.peers > 0, 30_000);
    const acceptingMs = since();

    client = new ZPUClient(devnet.url);
    await client.account();
    const first = await oneJob(client, devnet, provider);
    const firstPaidMs = since();
    const warm: { stages: Stages; correct: boolean }[] = [];
    for (let index = 0; index < WARM_JOBS; index += 1) warm.push(await oneJob(client, devnet, provider));

    const status = await whenSlice(provider.operator.node.status, () => true, 5_000);
    const processes = new Map<string, number>([["devnet", devnet.child.pid]]);
    for (const { name, pid, state } of status.processes) if (state === "ready") processes.set(name, pid);
    await client.close();
    const perProcess = await idleFigures(processes);
    const own = Object.entries(perProcess).filter(([name]) => name !== "devnet");
    return {
      machine: { cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown", node: process.version },
      startUp: { devnetReadyMs, registeredMs, acceptingMs, firstPaidMs },
      firstJobMs: Object.fromEntries(STAGES.map((stage) => [stage, round(first.stages[stage])])),
      warmJobs: WARM_JOBS,
      warmJobMedianMs: Object.fromEntries(STAGES.map((stage) => [stage, round(median(warm.map((job) => job.stages[stage])))])),
      correctAnswers: [first, ...warm].filter((job) => job.correct).length,
      idleSeconds: IDLE_SECONDS,
      processes: perProcess,
      nodeIdleCpuCores: Math.round(own.reduce((sum, [, figures]) => sum + figures.idleCpuCores, 0) * 10_000) / 10_000,
      nodePssBytes: own.reduce((sum, [, figures]) => sum + figures.pssBytes, 0),
    };
  } finally {
    await client?.close();
    provider?.disconnect();
    await Promise.all(children.map((child) => child.stop(2_000)));
    rmSync(dataDir, { recursive: true, force: true });
  }
}
