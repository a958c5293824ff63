/** Entry of the sensors process: looks at the hardware once, tells it, and ends when core is done with it. */
import { serve } from "@zpu/ipc/rpc/serve";
import { sensors } from "@zpu/ipc/workers/sensors";
import { endWithParent, processPipe } from "../base/process-pipe.ts";
import { probeHardware } from "./probe.ts";

const pipe = processPipe();
serve(sensors, { detect: () => probeHardware() }, pipe);
endWithParent(pipe);
