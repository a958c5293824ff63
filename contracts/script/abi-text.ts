/** The text of abi.ts: ABIs as ethers human-readable fragments, made from the compiled contracts. */
import { Interface, type InterfaceAbi } from "ethers";
import { format, resolveConfig } from "prettier";
import { join } from "node:path";
import { ROOM, type Artifacts } from "./compile.ts";

/** Contract name by the name of its constant in abi.ts. */
export const ABI_CONSTANTS = {
  TOKEN_ABI: "ZPUToken",
  REGISTRY_ABI: "ZPURegistry",
  JOBS_ABI: "ZPUJobs",
  VERIFIER_ABI: "ZPUProofVerifier",
  TREASURY_ABI: "ZPUTreasury",
} as const;

/** Human-readable fragments of a compiled contract, constructor left out. */
export function fragmentsOf(compiled: Artifacts, contract: string): string[] {
  const found = compiled[contract];
  if (!found) throw new Error(`${contract} was not compiled`);
  return new Interface(found.abi as InterfaceAbi).fragments
    .filter((fragment) => fragment.type !== "constructor")
    .map((fragment) => fragment.format("full"));
}

/** The whole text of abi.ts, formatted. */
export async function renderAbi(compiled: Artifacts): Promise<string> {
  const blocks = Object.entries(ABI_CONSTANTS).map(
    ([constant, contract]) => `/** ${contract}. */\nexport const ${constant} = ${JSON.stringify(fragmentsOf(compiled, contract))} as const;`,
  );
  const text = `/** ABIs of the contracts as ethers human-readable fragments, events and errors included. Written by \`npm run contracts\`. */\n\n${blocks.join("\n\n")}\n`;
  const path = join(ROOM, "abi.ts");
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
