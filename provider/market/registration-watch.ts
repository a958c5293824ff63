/** What the registry says of this node: read after new blocks, at most once a second, and kept while the chain is silent. */
import { ZpuError } from "@zpu/protocol/errors";
import type { Ports, Settlement } from "../ports.ts";
import type { AdmissionContext } from "./admission.ts";

const PACE_MS = 1_000;

export interface RegistrationWatch {
  /** Undefined until the chain has answered once. */
  get(): AdmissionContext["registration"];
  /** Resolves once the chain has answered or has failed to answer. */
  known(): Promise<void>;
  stop(): void;
}

/** Starts reading at once; `changed` hears of every new answer. */
export function watchRegistration(settlement: Pick<Settlement, "node" | "onHead">, log: Ports["log"], changed: () => void): RegistrationWatch {
  let value: AdmissionContext["registration"];
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const read = async (): Promise<void> => {
    try {
      const { registered, active, stakeWei, minStakeWei } = await settlement.node();
      const next = { registered, active, stakeWei, minStakeWei };
      const same = value?.registered === registered && value.active === active && value.stakeWei === stakeWei && value.minStakeWei === minStakeWei;
      value = next;
      if (!same && !stopped) changed();
    } catch (error) {
      const known = ZpuError.wrap(error);
      if (known.code !== "CHAIN_UNREACHABLE" && !stopped) log("warn", `the registration was not read: ${known.message}`);
    }
  };
  const refresh = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const off = settlement.onHead(() => {
    if (timer !== undefined || stopped) return;
    if (value === undefined) void refresh();
    timer = setTimeout(() => {
      timer = undefined;
      void refresh();
    }, PACE_MS);
  });
  void refresh();
  return {
    get: () => value,
    known: () => (value === undefined ? refresh() : Promise.resolve()),
    stop() {
      stopped = true;
      clearTimeout(timer);
      off();
    },
  };
}
