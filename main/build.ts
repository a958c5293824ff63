/** Builds what the desktop app is made of: pages, preload and main, each into its room's dist/. `node main/build.ts` */
import { fileURLToPath } from "node:url";
import { build } from "vite";

const room = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Bundles one entry for Electron; `electron` and Node's own modules stay imports. */
async function bundle(name: "main" | "preload", entry: string, format: "es" | "cjs", file: string): Promise<void> {
  await build({
    root: room(name),
    configFile: false,
    logLevel: "warn",
    build: {
      outDir: "dist",
      emptyOutDir: true,
      target: "node24",
      minify: false,
      lib: { entry, formats: [format], fileName: () => file },
      rolldownOptions: { external: ["electron", /^node:/] },
    },
  });
}

await build({ root: room("renderer"), configFile: `${room("renderer")}/vite.config.ts`, logLevel: "warn" });
await bundle("preload", "index.ts", "cjs", "index.cjs");
await bundle("main", "main.ts", "es", "main.js");
