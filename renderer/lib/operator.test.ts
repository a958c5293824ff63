/** The link over real pipes to a real server of the contract: it watches only what is looked at, and survives the other side. */
import { operator } from "@zpu/ipc/operator/contract";
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { Handlers } from "@zpu/ipc/rpc/contract";
import { pipePair, type Pipe } from "@zpu/ipc/rpc/pipe";
import { serve } from "@zpu/ipc/rpc/serve";
import { decodeText, encodeText } from "@zpu/ipc/rpc/wire";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { address } from "@zpu/protocol/ids";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOperatorLink, retryDelayMs } from "./operator.ts";

const account = address.parse(`0x${"ab".repeat(20)}`);
const status = (block: number): NodeStatus => ({
  version: "0.1.0",
  startedAtMs: 0,
  provider: account,
  operator: account,
  payout: account,
  multiaddrs: [],
  peers: 0,
  registered: true,
  stakeWei: 1n,
  chain: { chainId: 1n, rpcUrl: "http://127.0.0.1:1", block, reachable: true, devnet: false },
  accepting: true,
  offerings: [],
  processes: [],
});
const earnings: EarningsSummary = {
  claimableWei: 7n,
  claimedWei: 0n,
  balanceWei: 0n,
  pendingWei: 0n,
  earnedCount: 0,
  claimsCount: 0,
  earned: [],
  claims: [],
  history: [],
};

/** A node that can be cut off; counts the watchers of its earnings. */
function node() {
  let up = true;
  let block = 1;
  let ends: Pipe[] = [];
  let earningsWatchers = 0;
  const handlers: Handlers<typeof operator> = {
    node: { status: (listener) => (listener(status(block)), () => undefined), stop: () => ({}) },
    jobs: {
      list: (listener) => (listener([]), () => undefined),
      get: () => new Promise(() => undefined),
      ask: () => new Promise(() => undefined),
    },
    earnings: {
      summary: (listener) => {
        earningsWatchers += 1;
        listener(earnings);
        return () => (earningsWatchers -= 1);
      },
      claim: () => new Promise(() => undefined),
    },
  };
  return {
    open(): Pipe {
      const [here, there] = pipePair((value) => decodeText(encodeText(value)) as typeof value);
      if (up) {
        serve(operator, handlers, there);
        ends.push(there);
      } else void Promise.resolve().then(() => there.close());
      return here;
    },
    cut(): void {
      up = false;
      for (const end of ends.splice(0)) end.close();
    },
    restore(nextBlock: number): void {
      up = true;
      block = nextBlock;
      ends = [];
    },
    watchers: () => earningsWatchers,
  };
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the link", () => {
  it("is connected once the node has told its state, not before", async () => {
    const link = createOperatorLink(node().open);
    expect(link.state.get()).toEqual({ phase: "connecting", failures: 0 });
    await settle();
    expect(link.state.get()).toEqual({ phase: "connected", failures: 0 });
    expect(link.slices.status.get()?.chain.block).toBe(1);
    link.close();
  });

  it("watches a slice only while someone looks, and once for all who look", async () => {
    const far = node();
    const link = createOperatorLink(far.open);
    await settle();
    expect(far.watchers()).toBe(0);
    const [leaveFirst, leaveSecond] = [link.slices.earnings.subscribe(() => undefined), link.slices.earnings.subscribe(() => undefined)];
    await settle();
    expect(far.watchers()).toBe(1);
    expect(link.slices.earnings.get()?.claimableWei).toBe(7n);
    leaveFirst();
    await settle();
    expect(far.watchers()).toBe(1);
    leaveSecond();
    await settle();
    expect(far.watchers()).toBe(0);
    link.close();
  });

  it("keeps the last state when cut off, rejects what is open, retries with growing pauses and picks up again", async () => {
    const far = node();
    const link = createOperatorLink(far.open);
    link.slices.earnings.subscribe(() => undefined);
    await settle();
    const claim = link.client().earnings.claim({});
    const refused = expect(claim).rejects.toMatchObject({ code: "NOT_RUNNING" });
    far.cut();
    await refused;
    expect(link.state.get()).toMatchObject({ phase: "lost", failures: 1 });
    expect(link.slices.status.get()?.chain.block).toBe(1);
    await vi.advanceTimersByTimeAsync(retryDelayMs(1) + 5);
    expect(link.state.get()).toMatchObject({ phase: "lost", failures: 2 });
    far.restore(9);
    await vi.advanceTimersByTimeAsync(retryDelayMs(2) + 5);
    expect(link.state.get()).toEqual({ phase: "connected", failures: 0 });
    expect(link.slices.status.get()?.chain.block).toBe(9);
    expect(far.watchers()).toBeGreaterThan(0);
    link.close();
  });

  it("tells a slice that is refused or unreadable by its name, until a good state, the end of the watch or a new connection", async () => {
    const ends: Pipe[] = [];
    const link = createOperatorLink(() => {
      const [here, there] = pipePair();
      ends.push(there);
      return here;
    });
    const asked: { id: number; path: string }[] = [];
    ends[0]?.onMessage((message) => void asked.push(message as { id: number; path: string }));
    const leave = link.slices.earnings.subscribe(() => undefined);
    await settle();
    const [statusId, earningsId] = ["node.status", "earnings.summary"].map((path) => asked.find((watch) => watch.path === path)?.id);
    ends[0]?.post({ t: "error", id: earningsId, error: { code: "RATE_LIMITED", facts: { retryMs: 1_000 } } });
    ends[0]?.post({ t: "state", id: statusId, value: { version: 7 } });
    await settle();
    expect(link.problems.get()).toMatchObject({ earnings: { code: "RATE_LIMITED" }, status: { code: "MALFORMED_MESSAGE" } });
    ends[0]?.post({ t: "state", id: statusId, value: status(3) });
    await settle();
    expect(Object.keys(link.problems.get())).toEqual(["earnings"]);
    leave();
    expect(link.problems.get()).toEqual({});
    ends[0]?.post({ t: "state", id: statusId, value: null });
    await settle();
    expect(Object.keys(link.problems.get())).toEqual(["status"]);
    ends[0]?.close();
    await vi.advanceTimersByTimeAsync(retryDelayMs(1) + 5);
    expect(link.problems.get()).toEqual({});
    link.close();
  });

  it("tries at once when asked, and never again once closed", async () => {
    const far = node();
    const link = createOperatorLink(far.open);
    await settle();
    far.cut();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(link.state.get().failures).toBeGreaterThan(3);
    far.restore(2);
    link.retryNow();
    await settle();
    expect(link.state.get().phase).toBe("connected");
    link.close();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits longer each time, but never long", () => {
    expect([1, 2, 3, 4, 5, 20].map(retryDelayMs)).toEqual([400, 800, 1_600, 3_200, 5_000, 5_000]);
  });
});
