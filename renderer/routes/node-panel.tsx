/** The node in a few lines: does it take jobs, who is it, is the chain there, are its processes well. */
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { describeError } from "@zpu/protocol/errors";
import type { ReactNode } from "react";
import { count, duration, money } from "../lib/format.ts";
import { useLinkState, useNowMs, useSlice } from "../lib/live.tsx";
import { Dot, type Tone } from "../ui/badge.tsx";
import { Fact } from "../ui/card.tsx";
import { CopyHex } from "../ui/copy.tsx";
import { Icon } from "../ui/icons.tsx";

interface Health {
  readonly tone: Tone;
  readonly word: string;
  readonly detail?: string;
}

function healthOf(status: NodeStatus | undefined, connected: boolean): Health {
  if (!connected) return { tone: "warn", word: status ? "Disconnected" : "Connecting" };
  if (!status) return { tone: "plain", word: "Connecting" };
  if (status.accepting) return { tone: "good", word: "Accepting jobs" };
  const why = status.reason ? describeError(status.reason) : undefined;
  return { tone: "warn", word: "Not accepting jobs", ...(why ? { detail: `${why.sentence} ${why.remedy}` } : {}) };
}

const PROCESS_TONE = { ready: "good", starting: "busy", restarting: "warn", stopped: "plain" } as const;

function Processes({ processes, stale }: { processes: NodeStatus["processes"]; stale: boolean }) {
  return (
    <ul aria-label="Processes" className="flex flex-wrap gap-x-3 gap-y-1 pt-2">
      {processes.map(({ name, pid, state, restarts }) => (
        <li key={name} title={`${name}: ${state}, process ${pid}, restarts ${restarts}`} className="flex items-center gap-1.5 text-xs text-ink-2">
          <Dot tone={stale ? "plain" : PROCESS_TONE[state]} live={state === "starting" || state === "restarting"} />
          {name}
          {state === "ready" ? <span className="sr-only"> ready</span> : <span className="text-ink-3">{state}</span>}
        </li>
      ))}
    </ul>
  );
}

function Facts({ status, stale }: { status: NodeStatus; stale: boolean }) {
  const nowMs = useNowMs();
  return (
    <dl className="text-[0.8125rem]">
      <Fact name="Provider">
        <CopyHex value={status.provider} what="provider address" lead={4} />
      </Fact>
      <Fact name="Stake">{status.registered ? money(status.stakeWei) : "not registered"}</Fact>
      <Fact name="Chain">
        {status.chain.reachable ? (
          <>
            block <span data-testid="block">{count(status.chain.block)}</span>
          </>
        ) : (
          <span className="text-warn">not answering</span>
        )}
      </Fact>
      <Fact name="Peers">{count(status.peers)}</Fact>
      <Fact name="Up for">{stale ? "unknown" : duration(Math.max(0, nowMs - status.startedAtMs))}</Fact>
    </dl>
  );
}

function useHealth(): { status: NodeStatus | undefined; health: Health; connected: boolean } {
  const status = useSlice("status");
  const { phase } = useLinkState();
  const connected = phase === "connected";
  return { status, connected, health: healthOf(status, connected || (phase === "connecting" && !status)) };
}

/** The panel of the wide frame. */
export function NodePanel({ aside }: { aside: ReactNode }) {
  const { status, health, connected } = useHealth();
  return (
    <section aria-label="Node" className="border-t border-line pt-4">
      <div className="flex items-center gap-2.5">
        <Dot tone={health.tone} live={health.tone === "good"} />
        <p className="flex-1 font-medium">{health.word}</p>
        {aside}
      </div>
      {health.detail ? <p className="pt-1 text-xs text-ink-2">{health.detail}</p> : null}
      {status ? (
        <div className="pt-2">
          <Facts status={status} stale={!connected} />
          <Processes processes={status.processes} stale={!connected} />
          <p className="pt-3 text-xs text-ink-3">Version {status.version}</p>
        </div>
      ) : null}
    </section>
  );
}

/** The same behind one line, for narrow windows. */
export function NodePill() {
  const { status, health, connected } = useHealth();
  return (
    <details className="group mt-2">
      <summary className="flex list-none items-center gap-2.5 rounded-lg py-1.5">
        <Dot tone={health.tone} live={health.tone === "good"} />
        <span className="font-medium">{health.word}</span>
        {status ? <span className="text-ink-3">{status.chain.reachable ? `block ${count(status.chain.block)}` : "chain not answering"}</span> : null}
        <Icon name="down" className="ml-auto size-5 text-ink-3 transition-transform duration-150 group-open:rotate-180" />
      </summary>
      {health.detail ? <p className="pt-1 text-xs text-ink-2">{health.detail}</p> : null}
      {status ? (
        <div className="pt-1 pb-2">
          <Facts status={status} stale={!connected} />
          <Processes processes={status.processes} stale={!connected} />
        </div>
      ) : null}
    </details>
  );
}
