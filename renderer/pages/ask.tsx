/** Ask a digit: draw one, send it to the devnet's requestor, watch the job come back and be paid. */
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { digitImage } from "@zpu/protocol/digit-image";
import { ZpuError, type ErrorRecord } from "@zpu/protocol/errors";
import { useMemo, useState } from "react";
import { asked } from "../lib/asked.ts";
import { money } from "../lib/format.ts";
import { useLink, useLinkState, useProblems, useSlice, useStore } from "../lib/live.tsx";
import { sampleDigit } from "../lib/sample-digits.ts";
import { RASTER_EDGE, rasterise, type Stroke } from "../lib/strokes.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Digit } from "../ui/digit.tsx";
import { Empty, ErrorNotice, Loading } from "../ui/notice.tsx";
import { LabelChoice, SampleButtons } from "./ask/digit-choice.tsx";
import { Journey, NoJourney } from "./ask/journey.tsx";
import { Pad } from "./ask/pad.tsx";

/** What the model will see; undefined while nothing is drawn. */
function pixelsOf(strokes: readonly Stroke[]): Uint8Array<ArrayBuffer> | undefined {
  if (strokes.length === 0) return undefined;
  return digitImage({ width: RASTER_EDGE, height: RASTER_EDGE, data: rasterise(strokes) }, "dark");
}

function Composer({ status }: { status: NodeStatus }) {
  const link = useLink();
  const { phase } = useLinkState();
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const [label, setLabel] = useState<number>();
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<ErrorRecord>();
  const pixels = useMemo(() => pixelsOf(strokes), [strokes]);
  const offering = status.offerings[0];

  const ask = async (): Promise<void> => {
    if (!pixels) return;
    setSending(true);
    setError(undefined);
    try {
      const answer = await link.client().jobs.ask({ pixels, ...(label === undefined ? {} : { label }) });
      asked.set({ ...answer, pixels, atMs: Date.now(), ...(label === undefined ? {} : { label }) });
    } catch (failure) {
      setError(ZpuError.wrap(failure).toRecord());
    } finally {
      setSending(false);
    }
  };

  return (
    <Card className="p-5">
      <div className="grid gap-5 sm:grid-cols-[minmax(0,1fr)_9.5rem]">
        <Pad strokes={strokes} onStrokes={setStrokes} />
        <div className="flex gap-4 sm:flex-col">
          <figure>
            <figcaption className="pb-1.5 text-xs font-medium text-ink-3">What the model sees</figcaption>
            <Digit pixels={pixels} crisp label={pixels ? "Your digit as 28 by 28 pixels" : "Nothing drawn yet"} className="size-28 sm:size-38" />
          </figure>
          <div className="flex flex-1 flex-col justify-end gap-2 sm:flex-none sm:justify-start">
            <Button icon="undo" disabled={strokes.length === 0} onClick={() => setStrokes(strokes.slice(0, -1))}>
              Undo
            </Button>
            <Button icon="clear" disabled={strokes.length === 0} onClick={() => setStrokes([])}>
              Clear
            </Button>
          </div>
        </div>
      </div>
      <div className="space-y-5 pt-5">
        <div>
          <p className="pb-2 font-medium">
            Or take a sample <span className="font-normal text-ink-3">It is drawn on the pad for you.</span>
          </p>
          <SampleButtons onPick={(digit) => setStrokes(sampleDigit(digit))} />
        </div>
        <LabelChoice value={label} onChange={setLabel} />
        {error ? <ErrorNotice error={error} live /> : null}
        {!status.accepting && status.reason ? <ErrorNotice error={status.reason} /> : null}
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-t border-line pt-5">
          <p className="text-ink-3">
            {offering ? (
              <>
                <span className="font-medium text-ink">{money(offering.priceWei)}</span>, paid by the devnet&apos;s requestor
              </>
            ) : (
              "No model is offered now."
            )}
          </p>
          <Button
            look="primary"
            busy={sending}
            disabled={!pixels || phase !== "connected"}
            onClick={() => void ask()}
            className="min-h-12 w-full px-7 sm:w-auto"
          >
            {sending ? "Sending" : "Ask the model"}
          </Button>
        </div>
      </div>
    </Card>
  );
}

/** The screen. */
export function AskPage() {
  const status = useSlice("status");
  const { phase } = useLinkState();
  const failed = useProblems().status !== undefined;
  const last = useStore(asked);
  if (!status && failed) return null;
  if (!status)
    return (
      <Card>
        {phase === "lost" ? (
          <Empty icon="plug" title="No answer yet">
            You can draw as soon as the node answers.
          </Empty>
        ) : (
          <Loading label="Loading" />
        )}
      </Card>
    );
  if (!status.chain.devnet) return <ErrorNotice error={{ code: "DEVNET_ONLY", facts: {} }} />;
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)]">
      <Composer status={status} />
      {last ? <Journey key={last.jobId} asked={last} /> : <NoJourney />}
    </div>
  );
}
