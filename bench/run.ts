/** `npm run -s bench -- NAME [--json]`: runs one bench; exits non-zero on a wrong result, never on a slow one. */
const BENCHES: Readonly<Record<string, () => Promise<{ run: () => Promise<Record<string, unknown>> }>>> = {
  "first-job": () => import("./first-job.ts"),
};

const [name, ...flags] = process.argv.slice(2);
const bench = name === undefined ? undefined : BENCHES[name];
if (!bench || flags.some((flag) => flag !== "--json")) {
  console.error(`usage: npm run -s bench -- NAME [--json]\nbenches: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
const figures = await (await bench()).run();
console.log(flags.includes("--json") ? JSON.stringify(figures) : JSON.stringify(figures, null, 2));
process.exit(0);
