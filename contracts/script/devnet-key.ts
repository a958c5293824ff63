/**
 * Writes the development network's verifying key into the contracts, by hash, and the key with one proof of a digit into their
 * tests: `node contracts/script/devnet-key.ts [folder of vkey.json and fixture.json]`.
 */
import { AbiCoder, keccak256 } from "ethers";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { fromSnarkjsProof, toVerifyingKey, type ChainProof, type G1, type G2, type VerifyingKey } from "../deploy.ts";
import { ROOM, shown } from "./compile.ts";

const TARGET = join(ROOM, "src/libraries/DevnetKey.sol");
const FIXTURE = join(ROOM, "test/support/DevnetProof.sol");
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

const g1 = ([x, y]: G1): string => `[uint256(${x}), ${y}]`;
const g2 = ([x, y]: G2): string => `[[uint256(${x[0]}), ${x[1]}], [uint256(${y[0]}), ${y[1]}]]`;

/** Writes the key and one proof made with it (by the real prover, of a real digit) as a library for the forge tests. */
async function writeFixture(vk: VerifyingKey, signals: readonly bigint[], proof: ChainProof): Promise<void> {
  const text = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof, VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";

/// @title The development network's verifying key, and a proof of one digit (written by script/devnet-key.ts)
library DevnetProof {
    function vk() internal pure returns (VerifyingKey memory key) {
        key.alpha = ${g1(vk.alpha)};
        key.beta = ${g2(vk.beta)};
        key.gamma = ${g2(vk.gamma)};
        key.delta = ${g2(vk.delta)};
${vk.ic.map((point, index) => `        key.ic[${index}] = ${g1(point)};`).join("\n")}
    }

    function signals() internal pure returns (uint256[3] memory) {
        return [uint256(${signals[0]}), ${signals[1]}, ${signals[2]}];
    }

    function proof() internal pure returns (Proof memory result) {
        result.a = ${g1(proof.a)};
        result.b = ${g2(proof.b)};
        result.c = ${g1(proof.c)};
    }
}
`;
  await writeFile(FIXTURE, await format(text, { ...(await resolveConfig(FIXTURE)), filepath: FIXTURE }));
}

const fixture = z.object({ signals: z.tuple([z.string(), z.string(), z.string()]), proof: z.unknown() });

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(ROOM, "../circuits/artifacts"));
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(folder, name), "utf8"));
  const vk = toVerifyingKey(await read("vkey.json"));
  const { signals, proof } = fixture.parse(await read("fixture.json"));
  const hash = await writeDevnetKey(vk);
  await writeFixture(vk, signals.map(BigInt), fromSnarkjsProof(proof));
  console.log(`${shown(TARGET)} names ${hash}, the key in ${shown(folder)}; ${shown(FIXTURE)} holds it with a proof`);
}
