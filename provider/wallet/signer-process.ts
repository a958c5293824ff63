/** Entry of the signer process. */
import { endWithParent, processPipe } from "../base/process-pipe.ts";
import { serveSigner } from "./signer.ts";

const pipe = processPipe();
serveSigner(pipe);
endWithParent(pipe);
