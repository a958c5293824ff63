/**
 * Test only: writes TrapdoorKey.sol, a Groth16 verifying key whose secret scalars are known, so that tests can make a valid proof
 * for any signals. A key like this proves nothing; on a real chain nobody may know its scalars.
 *
 *   node contracts/test/support/trapdoor-key.ts
 */
import { bn254 } from "@noble/curves/bn254.js";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { fileURLToPath } from "node:url";

const R = bn254.fields.Fr.ORDER;
const { G1, G2 } = bn254;

/** A scalar that everyone can compute: that is the point. */
const scalar = (label: string): bigint => BigInt(`0x${createHash("sha256").update(`zpu test trapdoor ${label}`).digest("hex")}`) % R;
const g1 = (value: bigint): string => {
  const { x, y } = G1.Point.BASE.multiply(value).toAffine();
  return `[uint256(${x}), ${y}]`;
};
/** EIP-197 order: imaginary part first. */
const g2 = (value: bigint): string => {
  const { x, y } = G2.Point.BASE.multiply(value).toAffine();
  return `[[uint256(${x.c1}), ${x.c0}], [uint256(${y.c1}), ${y.c0}]]`;
};

/** A point on the twist but outside the subgroup of order R: x = t, the first t whose point exists and is not torsion-free. */
function outsideSubgroup(): string {
  const { Fp2 } = bn254.fields;
  const b = Fp2.sub(Fp2.sqr(G2.Point.BASE.toAffine().y), Fp2.mul(Fp2.sqr(G2.Point.BASE.toAffine().x), G2.Point.BASE.toAffine().x));
  for (let t = 1n; ; t += 1n) {
    const x = Fp2.fromBigTuple([t, 0n]);
    const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    let y;
    try {
      y = Fp2.sqrt(right);
    } catch {
      continue; // not a square: no point has this x
    }
    const point = G2.Point.fromAffine({ x, y });
    if (!point.isTorsionFree()) return `[[uint256(${x.c1}), ${x.c0}], [uint256(${y.c1}), ${y.c0}]]`;
  }
}

const names = ["alpha", "beta", "gamma", "delta", "ic0", "ic1", "ic2", "ic3", "b"] as const;
const values = Object.fromEntries(names.map((name) => [name, scalar(name)])) as Record<(typeof names)[number], bigint>;
const constants = [
  ...names.map((name) => [name.toUpperCase(), values[name]] as const),
  ["DELTA_INVERSE", bn254.fields.Fr.inv(values.delta)] as const,
];

const source = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VerifyingKey} from "../../src/interfaces/IZPUTypes.sol";

/// @title TEST ONLY: a verifying key whose secret scalars are known to everyone (written by trapdoor-key.ts)
library TrapdoorKey {
${constants.map(([name, value]) => `    uint256 internal constant ${name} = ${value};`).join("\n")}

    function vk() internal pure returns (VerifyingKey memory key) {
        key.alpha = ${g1(values.alpha)};
        key.beta = ${g2(values.beta)};
        key.gamma = ${g2(values.gamma)};
        key.delta = ${g2(values.delta)};
        key.ic[0] = ${g1(values.ic0)};
        key.ic[1] = ${g1(values.ic1)};
        key.ic[2] = ${g1(values.ic2)};
        key.ic[3] = ${g1(values.ic3)};
    }

    /// @notice B * G2, the second point of every proof made with this key.
    function proofB() internal pure returns (uint256[2][2] memory) {
        return ${g2(values.b)};
    }

    /// @notice -(GAMMA * G2): equal to gamma up to sign.
    function minusGamma() internal pure returns (uint256[2][2] memory) {
        return ${g2(R - values.gamma)};
    }

    /// @notice On the twist, but not in the subgroup of order R.
    function outsideSubgroup() internal pure returns (uint256[2][2] memory) {
        return ${outsideSubgroup()};
    }
}
`;
const target = fileURLToPath(new URL("./TrapdoorKey.sol", import.meta.url));
await writeFile(target, await format(source, { ...(await resolveConfig(target)), filepath: target }));
