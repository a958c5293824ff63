/** The launcher's command line, parsed: a pure function, so that every refusal can be tested. */

/** What `npm start` and `npm run devnet` were asked for. */
export interface Options {
  /** Print only: no page is built or opened. */
  readonly headless: boolean;
  /** Data directory; undefined where the default holds. */
  readonly dataDir: string | undefined;
  /** Preferred port of the app's page. */
  readonly port: number;
  /** Send so many jobs, claim, and end; undefined: run until stopped. */
  readonly jobs: number | undefined;
  /** One JSON object on standard output; progress goes to standard error. */
  readonly json: boolean;
  /** Seconds between demonstration jobs once the first have gone through; 0: no more. */
  readonly everySeconds: number;
  /** Open the page in the browser. */
  readonly open: boolean;
}

export const USAGE = `usage: npm start [-- options]      (or: npm run devnet -- options, without the pages)

  --headless        print only; do not build or open the pages
  --no-open         serve the pages but do not open a browser
  --data DIR        where chain, keys and jobs are kept (default: .data/devnet, or $ZPU_DATA)
  --port N          preferred port of the pages (default: 7780)
  --jobs N          send N jobs, claim what they pay, and end; without --data in a fresh folder that is removed at the end
  --json            with --jobs: print one JSON object on standard output, progress on standard error
  --every SECONDS   time between demonstration jobs (default: 45; 0: only the first ones)
  --help            this text
`;

/** Options, a request for the usage, or the reason why the arguments make no sense. */
export type Parsed = { readonly ok: true; readonly options: Options } | { readonly ok: false; readonly help: boolean; readonly reason: string };

const refuse = (reason: string): Parsed => ({ ok: false, help: false, reason });
const wholeNumber = (text: string | undefined, min: number, max: number): number | undefined => {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
};

/** Reads `args` (without node and script). Values follow as `--name value` or `--name=value`. */
export function parseArguments(args: readonly string[]): Parsed {
  const options = {
    headless: false,
    dataDir: undefined as string | undefined,
    port: 7780,
    jobs: undefined as number | undefined,
    json: false,
    everySeconds: 45,
    open: true,
  };
  const words = args.flatMap((word) => (/^--\w+=/.test(word) ? [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] : [word]));
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const next = (): string | undefined => {
      at += 1;
      return words[at];
    };
    if (word === "--help" || word === "-h") return { ok: false, help: true, reason: "" };
    else if (word === "--headless") options.headless = true;
    else if (word === "--no-open") options.open = false;
    else if (word === "--json") options.json = true;
    else if (word === "--data") {
      const dir = next();
      if (dir === undefined || dir === "" || dir.startsWith("--")) return refuse("--data needs a folder");
      options.dataDir = dir;
    } else if (word === "--port") {
      const port = wholeNumber(next(), 1, 65_000);
      if (port === undefined) return refuse("--port needs a number from 1 to 65000");
      options.port = port;
    } else if (word === "--jobs") {
      const jobs = wholeNumber(next(), 1, 100_000);
      if (jobs === undefined) return refuse("--jobs needs a number from 1 to 100000");
      options.jobs = jobs;
    } else if (word === "--every") {
      const every = wholeNumber(next(), 0, 86_400);
      if (every === undefined) return refuse("--every needs a number of seconds from 0 to 86400");
      options.everySeconds = every;
    } else return refuse(`there is no option ${word}`);
  }
  if (options.json && options.jobs === undefined) return refuse("--json needs --jobs: it prints one object at the end");
  return { ok: true, options };
}
