/** Entry of an executor process. */
import { endWithParent, processPipe } from "../base/process-pipe.ts";
import { serveExecutor } from "./executor.ts";

const pipe = processPipe();
serveExecutor(pipe);
endWithParent(pipe);
