/** The drawing pad: mouse, pen or finger draws, and nothing is lost between two frames. */
import { useRef, type PointerEvent } from "react";
import { PEN_RADIUS, strokePath, type Point, type Stroke } from "../../lib/strokes.ts";

const SIZE = 320;
/** Movements shorter than this (in units of the pad's edge) add no point. */
const CLOSEST = 0.004;

function pointOf(event: { clientX: number; clientY: number }, box: DOMRect): Point {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  return { x: clamp((event.clientX - box.left) / box.width), y: clamp((event.clientY - box.top) / box.height) };
}

/** `onStroke` is told the strokes with the one that is being drawn. */
export function Pad({ strokes, onStrokes }: { strokes: readonly Stroke[]; onStrokes: (strokes: readonly Stroke[]) => void }) {
  const drawing = useRef<{ pointerId: number; before: readonly Stroke[]; points: Point[] }>(undefined);

  const start = (event: PointerEvent<SVGSVGElement>): void => {
    if (drawing.current || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const points = [pointOf(event, event.currentTarget.getBoundingClientRect())];
    drawing.current = { pointerId: event.pointerId, before: strokes, points };
    onStrokes([...strokes, [...points]]);
  };
  const move = (event: PointerEvent<SVGSVGElement>): void => {
    const pen = drawing.current;
    if (pen?.pointerId !== event.pointerId) return;
    const box = event.currentTarget.getBoundingClientRect();
    const coalesced = event.nativeEvent.getCoalescedEvents();
    for (const moved of coalesced.length > 0 ? coalesced : [event.nativeEvent]) {
      const point = pointOf(moved, box);
      const last = pen.points.at(-1) ?? point;
      if (Math.hypot(point.x - last.x, point.y - last.y) >= CLOSEST) pen.points.push(point);
    }
    onStrokes([...pen.before, [...pen.points]]);
  };
  const end = (event: PointerEvent<SVGSVGElement>): void => {
    if (drawing.current?.pointerId === event.pointerId) drawing.current = undefined;
  };

  return (
    <div className="relative aspect-square w-full overflow-hidden rounded-2xl border border-slate-line bg-slate">
      <svg
        role="img"
        aria-label={strokes.length === 0 ? "Drawing pad, empty" : `Drawing pad, ${strokes.length} ${strokes.length === 1 ? "stroke" : "strokes"}`}
        data-testid="pad"
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
        className="absolute inset-0 size-full cursor-crosshair touch-none"
      >
        <g stroke="#ffffff" strokeOpacity="0.09" strokeWidth="1">
          {[1, 2, 3].map((line) => (
            <path key={line} d={`M${(line * SIZE) / 4} 0V${SIZE}M0 ${(line * SIZE) / 4}H${SIZE}`} />
          ))}
        </g>
        <g fill="none" stroke="#ffffff" strokeWidth={PEN_RADIUS * 2 * SIZE} strokeLinecap="round" strokeLinejoin="round">
          {strokes.map((stroke, index) => (
            <path key={index} d={strokePath(stroke, SIZE)} />
          ))}
        </g>
      </svg>
      {strokes.length === 0 ? (
        <p aria-hidden="true" className="pointer-events-none absolute inset-x-0 bottom-5 text-center text-white/70">
          Draw one digit here
        </p>
      ) : null}
    </div>
  );
}
