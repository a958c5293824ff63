/** The slate: a job's 28 x 28 input, white ink on black, exactly the pixels that were sent. */
import { DIGIT_EDGE } from "@zpu/protocol/digit-image";
import { useEffect, useRef } from "react";

function paint(canvas: HTMLCanvasElement, pixels: Uint8Array | undefined): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(DIGIT_EDGE, DIGIT_EDGE);
  pixels?.forEach((grey, index) => image.data.set([255, 255, 255, grey], index * 4));
  context.putImageData(image, 0, 0);
}

/** `label` names it for those who do not see it; without one it is decoration. `crisp` shows the single pixels. */
export function Digit({
  pixels,
  label,
  crisp = false,
  className = "size-12",
}: {
  pixels: Uint8Array | undefined;
  label?: string;
  crisp?: boolean;
  className?: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, pixels);
  }, [pixels]);
  return (
    <canvas
      ref={canvas}
      width={DIGIT_EDGE}
      height={DIGIT_EDGE}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
      className={`block shrink-0 rounded-lg border border-slate-line bg-slate ${crisp ? "[image-rendering:pixelated]" : ""} ${className}`}
    />
  );
}
