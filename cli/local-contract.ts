/** What the local socket answers: everything the owner may ask, and what only the terminal may. */
import { operator } from "@zpu/ipc/operator/contract";
import { call } from "@zpu/ipc/rpc/contract";
import { z } from "zod";

export const local = {
  ...operator,
  web: {
    /** A fresh address of the pages, good for one browser. */
    open: call(z.object({}), z.object({ url: z.string() })),
  },
};
export type Local = typeof local;
