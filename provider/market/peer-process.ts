/** Entry of the network process. */
import { endWithParent, processPipe } from "../base/process-pipe.ts";
import { servePeer } from "./peer.ts";

const pipe = processPipe();
servePeer(pipe);
endWithParent(pipe);
