/** Entry of the prover process. */
import { endWithParent, processPipe } from "../base/process-pipe.ts";
import { serveProver } from "./prover.ts";

const pipe = processPipe();
serveProver(pipe);
endWithParent(pipe);
