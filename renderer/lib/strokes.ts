/** Pen strokes and how they become grey values: pure geometry, so that the drawing pad needs no canvas and the tests no browser. */

/** A point of the pad, both coordinates 0 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
/** Points in the order they were drawn; a dot is a stroke of one point. */
export type Stroke = readonly Point[];

/** Radius of the pen in units of the pad's edge. */
export const PEN_RADIUS = 0.042;
/** Edge of the grid the strokes are rasterised on, in pixels. */
export const RASTER_EDGE = 112;

function squaredDistance(px: number, py: number, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - a.x) * dx + (py - a.y) * dy) / length));
  const [ex, ey] = [px - a.x - along * dx, py - a.y - along * dy];
  return ex * ex + ey * ey;
}

function inkSegment(data: Uint8Array, edge: number, a: Point, b: Point): void {
  const reach = PEN_RADIUS + 1 / edge;
  const low = (first: number, second: number): number => Math.max(0, Math.floor((Math.min(first, second) - reach) * edge));
  const high = (first: number, second: number): number => Math.min(edge - 1, Math.ceil((Math.max(first, second) + reach) * edge));
  for (let row = low(a.y, b.y); row <= high(a.y, b.y); row += 1) {
    for (let column = low(a.x, b.x); column <= high(a.x, b.x); column += 1) {
      const distance = Math.sqrt(squaredDistance((column + 0.5) / edge, (row + 0.5) / edge, a, b));
      const grey = Math.round(255 * Math.min(1, Math.max(0, (PEN_RADIUS - distance) * edge + 0.5)));
      const index = row * edge + column;
      if (grey > (data[index] ?? 0)) data[index] = grey;
    }
  }
}

/** Grey values (white ink on black, `edge` x `edge`, row by row) of the strokes drawn with the round pen. */
export function rasterise(strokes: readonly Stroke[], edge = RASTER_EDGE): Uint8Array {
  const data = new Uint8Array(edge * edge);
  for (const stroke of strokes) {
    stroke.forEach((point, index) => inkSegment(data, edge, stroke[index - 1] ?? point, point));
  }
  return data;
}

/** SVG path data of a stroke on a pad of `size` units; a dot becomes a line of no length, which a round cap draws. */
export function strokePath(stroke: Stroke, size: number): string {
  const text = ({ x, y }: Point): string => `${(x * size).toFixed(1)} ${(y * size).toFixed(1)}`;
  const [first, ...rest] = stroke;
  if (!first) return "";
  return `M${text(first)}${rest.length === 0 ? `L${text(first)}` : rest.map((point) => `L${text(point)}`).join("")}`;
}
