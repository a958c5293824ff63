/** The page's one line to the node: the typed operator client over a pipe that is opened again whenever it breaks. */
import { operator, type Operator } from "@zpu/ipc/operator/contract";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { connect } from "@zpu/ipc/rpc/connect";
import type { Client, Source } from "@zpu/ipc/rpc/contract";
import type { Pipe } from "@zpu/ipc/rpc/pipe";
import type { ErrorRecord } from "@zpu/protocol/errors";
import { createStore, type Store, type WritableStore } from "./store.ts";

/** `connected` is said once the node's first state has arrived, not when a socket opens. */
export interface LinkState {
  readonly phase: "connecting" | "connected" | "lost";
  /** Connection attempts that failed since the last success. */
  readonly failures: number;
  /** When the next attempt is made, Unix ms, while lost. */
  readonly retryAtMs?: number;
}

/** The slices the screens watch; a value stays readable (and stale) while the link is lost. */
export interface Slices {
  readonly status: NodeStatus;
  readonly jobs: readonly JobView[];
  readonly earnings: EarningsSummary;
}

/** Why a slice that is watched does not arrive: the node refused it, or its last state did not fit the contract. */
export type Problems = { readonly [K in keyof Slices]?: ErrorRecord };

/** Where each slice stands in the contract. */
const SLICE_AT: Readonly<Record<string, keyof Slices>> = { "node.status": "status", "jobs.list": "jobs", "earnings.summary": "earnings" };

export interface OperatorLink {
  readonly state: Store<LinkState>;
  readonly slices: { readonly [K in keyof Slices]: Store<Slices[K] | undefined> };
  /** A slice's problem goes with its next good state, and with the connection. */
  readonly problems: Store<Problems>;
  /** The client of the present pipe; calls on a broken one reject with NOT_RUNNING. */
  client(): Client<Operator>;
  /** Tries now instead of at the next moment planned. */
  retryNow(): void;
  close(): void;
}

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5_000;

/** Waiting time before attempt `failures` + 1, in ms: doubling, bounded. */
export const retryDelayMs = (failures: number): number => Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1), LONGEST_RETRY_MS);

/** Opens the link with `open` and keeps it open until `close`. */
export function createOperatorLink(open: () => Pipe): OperatorLink {
  let client: Client<Operator>;
  let pipe: Pipe;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const state = createStore<LinkState>({ phase: "connecting", failures: 0 });
  const problems = createStore<Problems>({});
  const solved = (name: keyof Slices): void => {
    const { [name]: problem, ...others } = problems.get();
    if (problem) problems.set(others);
  };
  const watched = new Set<() => void>();

  /** A slice that is watched on the node only while someone looks at it, and again after each reconnection. */
  const sliceStore = <T>(name: keyof Slices, pick: (from: Client<Operator>) => Source<T>): Store<T | undefined> => {
    const store: WritableStore<T | undefined> = createStore<T | undefined>(undefined, () => {
      let unwatch = (): void => {};
      const watch = (): void => {
        unwatch = pick(client)((value) => {
          solved(name);
          store.set(value);
        });
      };
      watched.add(watch);
      watch();
      return () => {
        watched.delete(watch);
        unwatch();
        solved(name);
      };
    });
    return store;
  };

  const start = (): void => {
    pipe = open();
    problems.set({});
    client = connect(operator, pipe, "NOT_RUNNING", {
      onError(error, path) {
        const name = SLICE_AT[path];
        if (name) problems.set({ ...problems.get(), [name]: error.toRecord() });
      },
    });
    const own = pipe;
    pipe.onClose(() => {
      if (own === pipe) lost();
    });
    for (const watch of watched) watch();
  };
  const lost = (): void => {
    if (closed) return;
    const failures = state.get().failures + 1;
    const delayMs = retryDelayMs(failures);
    state.set({ phase: "lost", failures, retryAtMs: Date.now() + delayMs });
    timer = setTimeout(start, delayMs);
  };

  start();
  const status = sliceStore("status", (from) => from.node.status);
  const link: OperatorLink = {
    state,
    slices: { status, jobs: sliceStore("jobs", (from) => from.jobs.list), earnings: sliceStore("earnings", (from) => from.earnings.summary) },
    problems,
    client: () => client,
    retryNow() {
      if (state.get().phase !== "lost" || closed) return;
      clearTimeout(timer);
      start();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      unwatchStatus();
      pipe.close();
    },
  };
  const heard = (): void => {
    if (state.get().phase !== "connected") state.set({ phase: "connected", failures: 0 });
  };
  const unwatchStatus = status.subscribe(heard);
  return link;
}
