/** The last digit asked from this page; outlives the page's own screen, so that leaving and coming back loses nothing. */
import type { JobId } from "@zpu/protocol/ids";
import { createStore } from "./store.ts";

export interface Asked {
  readonly jobId: JobId;
  readonly proofUrl: string;
  /** The 784 grey values that were sent. */
  readonly pixels: Uint8Array;
  readonly label?: number;
  readonly atMs: number;
}

export const asked = createStore<Asked | undefined>(undefined);
