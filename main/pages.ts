/** The built pages under `app://zpu/`, each answer with the strict policy: no network at all, not even to this machine. */
import { readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { protocol, type Protocol } from "electron";

export const PAGE_URL = "app://zpu/";

/** Bundled into main/dist, so the pages lie two folders up. */
const PAGES = fileURLToPath(new URL("../../renderer/dist", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** The Content-Security-Policy of the window. */
export const WINDOW_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** Path of the file for `url` inside `folder`; undefined where it leads outside or to another name. */
export function fileOf(url: string, folder: string): string | undefined {
  const { hostname, pathname } = new URL(url);
  if (hostname !== "zpu") return undefined;
  let path: string;
  try {
    path = join(folder, pathname === "/" ? "index.html" : decodeURIComponent(pathname));
  } catch {
    return undefined;
  }
  return path.startsWith(folder + sep) && !path.includes("\0") ? path : undefined;
}

/** Must run before the app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true } }]);
}

/** Answers `app://zpu/` from the built pages; everything else is 404. */
export function servePages(pages: Protocol): void {
  pages.handle("app", async ({ url, method }) => {
    const path = method === "GET" ? fileOf(url, PAGES) : undefined;
    const type = path === undefined ? undefined : TYPES[extname(path)];
    if (path === undefined || type === undefined) return new Response(null, { status: 404 });
    try {
      const body = await readFile(path);
      return new Response(new Uint8Array(body), {
        headers: { "content-type": type, "content-security-policy": WINDOW_POLICY, "x-content-type-options": "nosniff" },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
