/** Cumulative earnings over time: a staircase, because pay comes in steps. The figures stand in the lists below it for those who do not see it. */
import type { EarningsSummary } from "@zpu/ipc/operator/earnings";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import { useRef, useState, type PointerEvent } from "react";
import { paymentsBetween, seriesOf, timeTicks, totalAt, valueTicks, windowOf } from "../../lib/earnings-series.ts";
import { absolute, clock, money } from "../../lib/format.ts";
import { useNowMs } from "../../lib/live.tsx";
import { useWidth } from "../../lib/use-width.ts";
import { Card } from "../../ui/card.tsx";

const RANGES = [
  ["1 h", 3_600_000],
  ["24 h", 86_400_000],
  ["7 d", 604_800_000],
  ["All", undefined],
] as const;
type RangeName = (typeof RANGES)[number][0];

const HEIGHT = 260;
const PAD = { top: 16, right: 12, bottom: 28, left: 52 };

const asNumber = (amountWei: bigint): number => Number(weiToTokens(amountWei, 6));

function tickTime(atMs: number, spanMs: number): string {
  const at = new Date(atMs);
  if (spanMs <= 300_000) return clock(atMs);
  if (spanMs <= 172_800_000) return clock(atMs).slice(0, 5);
  return at.toLocaleDateString("en", { day: "numeric", month: "short" });
}

/** The chart with its range choice. */
export function EarningsChart({ summary }: { summary: EarningsSummary }) {
  const nowMs = useNowMs();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [range, setRange] = useState<RangeName>("All");
  const [pointerX, setPointerX] = useState<number>();
  const series = seriesOf(summary);
  const firstMs = series[0]?.atMs ?? nowMs;
  const spanMs = RANGES.find(([name]) => name === range)?.[1];
  const toMs = Math.max(nowMs, series.at(-1)?.atMs ?? 0);
  const fromMs = spanMs === undefined ? firstMs - Math.max(5_000, (toMs - firstMs) * 0.03) : toMs - spanMs;
  const points = windowOf(series, fromMs, toMs);
  const ticks = valueTicks(asNumber(points.at(-1)?.totalWei ?? 0n), 4);
  const high = ticks.at(-1) ?? 1;
  const plotWidth = Math.max(1, width - PAD.left - PAD.right);
  const plotHeight = HEIGHT - PAD.top - PAD.bottom;
  const x = (atMs: number): number => PAD.left + ((atMs - fromMs) / (toMs - fromMs)) * plotWidth;
  const y = (value: number): number => PAD.top + plotHeight * (1 - value / high);
  const stairs = points.map(({ atMs, totalWei }, index) => {
    const [px, py] = [x(atMs).toFixed(1), y(asNumber(totalWei)).toFixed(1)];
    return index === 0 ? `M${px} ${py}` : `H${px}V${py}`;
  });
  const line = stairs.join("");
  const area = `${line}V${y(0)}H${x(fromMs).toFixed(1)}Z`;
  const claims = summary.claims.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  const readMs =
    pointerX === undefined
      ? undefined
      : fromMs + ((Math.min(Math.max(pointerX, PAD.left), width - PAD.right) - PAD.left) / plotWidth) * (toMs - fromMs);
  const readWei = readMs === undefined ? undefined : totalAt(series, readMs);
  const point = (event: PointerEvent<SVGSVGElement>): void => setPointerX(event.clientX - event.currentTarget.getBoundingClientRect().left);

  return (
    <Card
      title="Earned over time"
      aside={
        <div role="group" aria-label="Time range" className="flex rounded-lg bg-sunken p-0.5">
          {RANGES.map(([name]) => (
            <button
              key={name}
              type="button"
              aria-pressed={range === name}
              onClick={() => setRange(name)}
              className={`min-h-7 rounded-md px-2.5 text-xs font-medium transition-colors duration-150 ${range === name ? "bg-surface text-ink shadow-card" : "text-ink-2 hover:text-ink"}`}
            >
              {name}
            </button>
          ))}
        </div>
      }
    >
      <div ref={frame} className="px-1 pt-2 pb-3">
        <p className="h-5 px-4 text-xs text-ink-3" aria-hidden="true">
          {readMs !== undefined && readWei !== undefined ? (
            <>
              <span className="font-semibold text-good">{money(readWei)}</span> at {absolute(readMs)}
            </>
          ) : (
            TOKEN_SYMBOL
          )}
        </p>
        {width > 0 ? (
          <svg
            role="img"
            aria-label={`Cumulative earnings: ${money(points[0]?.totalWei ?? 0n)} at ${absolute(fromMs)}, ${money(points.at(-1)?.totalWei ?? 0n)} at ${absolute(toMs)}; ${paymentsBetween(summary, fromMs, toMs)} and ${claims.length} claims in between.`}
            width={width}
            height={HEIGHT}
            onPointerMove={point}
            onPointerDown={point}
            onPointerLeave={() => setPointerX(undefined)}
            className="block touch-pan-y"
          >
            {ticks.map((tick) => (
              <g key={tick}>
                <line x1={PAD.left} x2={width - PAD.right} y1={y(tick)} y2={y(tick)} className="stroke-line" strokeWidth="1" />
                <text x={PAD.left - 10} y={y(tick) + 4} textAnchor="end" className="fill-ink-3 text-2xs">
                  {tick.toLocaleString("en")}
                </text>
              </g>
            ))}
            {timeTicks(fromMs, toMs, Math.max(2, Math.floor(plotWidth / 84))).map((tick) => (
              <text
                key={tick}
                x={Math.min(Math.max(x(tick), PAD.left + 16), width - PAD.right - 18)}
                y={HEIGHT - 8}
                textAnchor="middle"
                className="fill-ink-3 text-2xs"
              >
                {tickTime(tick, toMs - fromMs)}
              </text>
            ))}
            <path d={area} className="fill-good-fill/12" />
            <path d={line} fill="none" className="stroke-good-fill" strokeWidth="2" strokeLinejoin="round" />
            {claims.map(({ atMs, tx }) => (
              <g key={tx} className="text-accent">
                <line x1={x(atMs)} x2={x(atMs)} y1={PAD.top} y2={y(0)} stroke="currentColor" strokeWidth="1" strokeDasharray="2 4" />
                <circle cx={x(atMs)} cy={PAD.top} r="3" fill="currentColor" />
              </g>
            ))}
            {readMs !== undefined && readWei !== undefined ? (
              <g>
                <line x1={x(readMs)} x2={x(readMs)} y1={PAD.top} y2={y(0)} className="stroke-ink-3" strokeWidth="1" />
                <circle cx={x(readMs)} cy={y(asNumber(readWei))} r="4.5" className="fill-good-fill stroke-surface" strokeWidth="2" />
              </g>
            ) : null}
          </svg>
        ) : (
          <div className="h-[260px]" />
        )}
        {claims.length > 0 ? (
          <p className="flex items-center gap-2 px-4 pt-1 text-xs text-ink-3">
            <span aria-hidden="true" className="size-1.5 rounded-full bg-accent" />
            dotted: {summary.claimsCount > summary.claims.length ? `the newest ${summary.claims.length} ` : ""}claims to the payout address
          </p>
        ) : null}
      </div>
    </Card>
  );
}
