/** Writes the development network's verifying key into the contracts, by hash: `node contracts/script/devnet-key.ts [vkey.json]`. */
import { AbiCoder, keccak256 } from "ethers";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { toVerifyingKey, type VerifyingKey } from "../deploy.ts";
import { ROOM, shown } from "./compile.ts";

const TARGET = join(ROOM, "src/libraries/DevnetKey.sol");
const VK_TYPE = "tuple(uint256[2] alpha, uint256[2][2] beta, uint256[2][2] gamma, uint256[2][2] delta, uint256[2][4] ic)";

/** keccak256(abi.encode(vk)): how a verifying key is named in `VkAdded`, `vkHashOf` and DevnetKey.sol. */
export const vkHash = (vk: VerifyingKey): string => keccak256(AbiCoder.defaultAbiCoder().encode([VK_TYPE], [vk]));

/** Pins `vk` as the development network's own in DevnetKey.sol; returns its hash. The contracts compile anew at their next use. */
export async function writeDevnetKey(vk: VerifyingKey): Promise<string> {
  const hash = vkHash(vk);
  const line = /(bytes32 internal constant HASH =\s*)0x[0-9a-f]{64};/;
  const text = await readFile(TARGET, "utf8");
  if (!line.test(text)) throw new Error(`${shown(TARGET)} has no HASH to replace`);
  await writeFile(
    TARGET,
    text.replace(line, (_, before: string) => `${before}${hash};`),
  );
  return hash;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const path = resolve(process.argv[2] ?? join(ROOM, "../circuits/artifacts/vkey.json"));
  const hash = await writeDevnetKey(toVerifyingKey(JSON.parse(await readFile(path, "utf8"))));
  console.log(`${shown(TARGET)} names ${hash}, the key of ${shown(path)}`);
}
