/** What core asks of the sensors process. */
import { z } from "zod";
import { hardwareView } from "../operator/node.ts";
import { call } from "../rpc/contract.ts";

export const sensors = {
  /** Looks at the hardware; up to a second. */
  detect: call(z.object({}), hardwareView),
};
