/** Builds the page to dist/: own files only, nothing inlined, because the page's Content-Security-Policy allows neither inline code nor data: fonts. */
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [react(), tailwind()],
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "chrome128", sourcemap: false },
});
