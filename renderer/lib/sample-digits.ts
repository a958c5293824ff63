/** One way to write each digit, as strokes: the keyboard's way to draw. Curves are elliptic arcs, in pad coordinates. */
import type { Point, Stroke } from "./strokes.ts";

const line = (...points: readonly (readonly [number, number])[]): Point[] => points.map(([x, y]) => ({ x, y }));

/** Points of an ellipse around (cx, cy) from `fromDeg` to `toDeg`; 0 points right, 90 down. */
function arc(cx: number, cy: number, rx: number, ry: number, fromDeg: number, toDeg: number): Point[] {
  const steps = Math.max(4, Math.ceil(Math.abs(toDeg - fromDeg) / 9));
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((fromDeg + ((toDeg - fromDeg) * step) / steps) * Math.PI) / 180;
    return { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle) };
  });
}

const DIGITS: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, 0.19, 0.29, -70, 290)],
  [line([0.43, 0.3], [0.53, 0.2], [0.49, 0.8])],
  [[...arc(0.5, 0.36, 0.17, 0.16, -165, 40), ...line([0.34, 0.77], [0.7, 0.77])]],
  [[...arc(0.48, 0.345, 0.16, 0.145, -150, 90), ...arc(0.48, 0.645, 0.19, 0.155, -90, 150)]],
  [line([0.36, 0.22], [0.31, 0.53], [0.66, 0.5]), line([0.62, 0.24], [0.57, 0.8])],
  [line([0.67, 0.22], [0.39, 0.23], [0.36, 0.46]), [...line([0.36, 0.46]), ...arc(0.48, 0.61, 0.19, 0.175, -115, 140)]],
  [[...line([0.6, 0.2], [0.44, 0.36]), ...arc(0.5, 0.62, 0.17, 0.17, -165, 195)]],
  [line([0.32, 0.25], [0.68, 0.24], [0.56, 0.47], [0.46, 0.8])],
  [[...arc(0.5, 0.36, 0.15, 0.15, 60, -240), ...arc(0.5, 0.65, 0.17, 0.15, -100, 260)]],
  [[...arc(0.5, 0.38, 0.16, 0.16, 0, -360), ...line([0.66, 0.38], [0.63, 0.62], [0.56, 0.8])]],
];

/** The strokes of `digit` (0 to 9); throws RangeError for anything else. */
export function sampleDigit(digit: number): readonly Stroke[] {
  const strokes = DIGITS[digit];
  if (!strokes) throw new RangeError(`${digit} is not a digit`);
  return strokes;
}
