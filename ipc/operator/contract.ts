/** Everything the owner's screens and commands may ask of a node. */
import { earnings } from "./earnings.ts";
import { jobs } from "./jobs.ts";
import { node } from "./node.ts";

export const operator = { node, jobs, earnings };
export type Operator = typeof operator;
