/** Where things are by default. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the program. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Web address of the devnet that `npm start` brings up. */
export const DEFAULT_DEVNET_URL = "http://127.0.0.1:7788";
/** Ports of the pages, tried in order; then any. */
export const WEB_PORTS: readonly number[] = [...Array.from({ length: 20 }, (_, index) => 7780 + index).filter((port) => port !== 7788), 0];

/** The node's folder: what was asked for, else the one that `npm start` uses. */
export function dataDirOf(asked: string | undefined): string {
  if (asked !== undefined) return resolve(asked);
  const base = process.env.ZPU_DATA;
  return base === undefined || base === "" ? join(ROOT, ".data", "devnet", "provider") : resolve(base, "provider");
}
