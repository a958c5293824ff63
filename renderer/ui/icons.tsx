/** Our icons: 20 x 20, drawn with one pen; always decoration, the words stand beside them. */
const PATHS = {
  jobs: "M3.5 5.5h13M3.5 10h13M3.5 14.5h8",
  earnings: "M3 15.5 8 10l3.2 3L17 6.5M12.5 6.5H17V11",
  ask: "m12.8 4.2 3 3L7.5 15.5 4 16l.5-3.5 8.3-8.3Z",
  copy: "M7.5 7.5V4h8.5v8.5h-3.5M4 7.5h8.5V16H4V7.5Z",
  check: "m4.5 10.5 3.6 3.6 7.4-8.2",
  cross: "m5.5 5.5 9 9m0-9-9 9",
  undo: "M4 8.5h7.5a4 4 0 0 1 0 8H8M7 5.5l-3 3 3 3",
  clear: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  back: "M16 10H4m5-5-5 5 5 5",
  out: "M8 5H4v11h11v-4M11.5 4H16v4.5M16 4l-7 7",
  down: "m5.5 8 4.5 4.5L14.5 8",
  sun: "M10 6.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8ZM10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.4 4.4l1.1 1.1M14.5 14.5l1.1 1.1M15.6 4.4l-1.1 1.1M5.5 14.5l-1.1 1.1",
  moon: "M16.2 11.6A6.6 6.6 0 0 1 8.4 3.8a6.6 6.6 0 1 0 7.8 7.8Z",
  warn: "M10 3.5 17.5 16h-15L10 3.5ZM10 8.5v3.4M10 13.9v.1",
  spinner: "M10 3a7 7 0 1 1-6.6 4.7",
  plug: "M7 3.5v3.5M13 3.5v3.5M5 7h10v2.5a5 5 0 0 1-10 0V7ZM10 14.5V17",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon in the colour of the text around it. */
export function Icon({ name, className = "size-5" }: { name: IconName; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={`shrink-0 ${className}`}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Work in progress: an arc that turns (stands still where less motion is wanted). */
export function Spinner({ className = "size-4" }: { className?: string }) {
  return <Icon name="spinner" className={`animate-turn ${className}`} />;
}
