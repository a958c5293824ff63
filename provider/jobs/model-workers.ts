/** Executor and prover of every model the node offers: started when a job needs them, kept warm for a while, started again when they die. */
import { ZpuError } from "@zpu/protocol/errors";
import type { Ports } from "../ports.ts";
import { superviseExecutor, superviseProver } from "../workers.ts";
import { checkFiles, type ProvableModel } from "./models.ts";
import type { Execution, Proven, StepParts } from "./steps.ts";

export interface ModelWorkers {
  readonly execute: StepParts["execute"];
  readonly prove: StepParts["prove"];
  /** Models that can be offered: not those whose files are not what they should be. */
  offered(): readonly ProvableModel[];
  /** Why a model is not offered, if one is not. */
  fault(): ZpuError | undefined;
  /** Gets the processes ready without waiting for them. */
  warm(): void;
  views(): { name: "executor" | "prover"; pid: number; state: "starting" | "ready" | "stopped" | "restarting"; restarts: number }[];
  stop(): Promise<void>;
}

/** How long a run and a proof may take before their process counts as hanging, milliseconds. */
export interface WorkLimits {
  readonly runLimitMs: number;
  readonly proveLimitMs: number;
  /** After so long without work the processes are ended; the next job starts them again. */
  readonly restAfterMs: number;
}

/** Does one thing after the other, so that the time of each is its own. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = before.then(work);
    before = done.catch(() => undefined);
    return done;
  };
}

/** The workers of `models`; no process is started yet. The files are looked at now, so that what cannot run is never offered. */
export function createModelWorkers(
  common: { ports: Ports; changed: () => void },
  models: readonly ProvableModel[],
  { runLimitMs, proveLimitMs, restAfterMs }: WorkLimits,
  log: Ports["log"],
): ModelWorkers {
  const faults = new Map<string, ZpuError>();
  for (const model of models) {
    const fault = checkFiles(model);
    if (!fault) continue;
    faults.set(model.name, fault);
    log("error", fault.message, fault.facts);
  }
  const all = models.map((model) => ({
    model,
    executor: superviseExecutor(common, model, restAfterMs),
    prover: superviseProver(common, model, restAfterMs),
    runs: createTurns(),
    proofs: createTurns(),
  }));
  const of = (modelName: string): (typeof all)[number] => {
    const found = all.find(({ model }) => model.name === modelName);
    if (!found) throw new ZpuError("UNKNOWN_MODEL", { model: modelName, available: models.map(({ name }) => name).join(", ") });
    return found;
  };
  /** A model whose files are wrong is not offered any more. */
  const guarded = async <T>(modelName: string, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      if (faults.delete(modelName)) common.changed();
      return result;
    } catch (error) {
      if (error instanceof ZpuError && error.code === "MODEL_HASH_MISMATCH") {
        faults.set(modelName, error);
        log("error", error.message, error.facts);
        common.changed();
      }
      throw error;
    }
  };
  return {
    execute: (modelName, pixels) =>
      guarded(modelName, () => {
        const { executor, runs } = of(modelName);
        return runs(() =>
          executor.within(runLimitMs, async ({ client, engine }): Promise<Execution> => {
            const { output, ms } = await client.run({ input: pixels });
            return { logits: output, engine, profile: "integer-v1", ms };
          }),
        );
      }),
    prove: (modelName, input) =>
      guarded(modelName, () => {
        const { prover, proofs } = of(modelName);
        return proofs(() => prover.within(proveLimitMs, (client): Promise<Proven> => client.prove(input)));
      }),
    offered: () => models.filter(({ name }) => !faults.has(name)),
    fault: () => faults.values().next().value,
    warm() {
      for (const { model, executor, prover } of all) {
        guarded(model.name, () => Promise.all([executor.client(), prover.client()])).catch((error: unknown) => {
          log("warn", `${model.name} is not ready: ${ZpuError.wrap(error).message}`);
        });
      }
    },
    views: () =>
      all.flatMap(({ executor, prover }) => [
        { ...executor.view(), name: "executor" as const },
        { ...prover.view(), name: "prover" as const },
      ]),
    async stop() {
      await Promise.all(all.flatMap(({ executor, prover }) => [executor.stop(), prover.stop()]));
    },
  };
}
