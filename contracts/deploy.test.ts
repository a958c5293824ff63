/** Keys and proofs take the chain's form: imaginary parts first, and nothing but what snarkjs writes is taken for its files. */
import { AbiCoder, keccak256 } from "ethers";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { loadArtifacts } from "./artifacts.ts";
import { fromSnarkjsProof, toProof, toVerifyingKey } from "./deploy.ts";
import { vkHash } from "./script/devnet-key.ts";

const point1 = (x: number): [string, string, "1"] => [String(x), String(x + 1), "1"];
const point2 = (x: number) => [[String(x), String(x + 1)], [String(x + 2), String(x + 3)], ["1", "0"]]; // prettier-ignore
const vkey = {
  protocol: "groth16",
  curve: "bn128",
  nPublic: 3,
  vk_alpha_1: point1(1),
  vk_beta_2: point2(10),
  vk_gamma_2: point2(20),
  vk_delta_2: point2(30),
  vk_alphabeta_12: [],
  IC: [point1(41), point1(42), point1(43), point1(44)],
};

describe("toVerifyingKey", () => {
  it("puts imaginary parts first", () => {
    expect(toVerifyingKey(vkey)).toEqual({
      alpha: [1n, 2n],
      beta: [[11n, 10n], [13n, 12n]],
      gamma: [[21n, 20n], [23n, 22n]],
      delta: [[31n, 30n], [33n, 32n]],
      ic: [[41n, 42n], [42n, 43n], [43n, 44n], [44n, 45n]],
    }); // prettier-ignore
  });

  it("refuses other systems, curves, counts of signals, and points at infinity", () => {
    for (const wrong of [
      { ...vkey, protocol: "plonk" },
      { ...vkey, curve: "bls12381" },
      { ...vkey, nPublic: 2 },
      { ...vkey, IC: vkey.IC.slice(1) },
      { ...vkey, vk_alpha_1: ["0", "1", "0"] },
      { ...vkey, vk_alpha_1: ["-1", "1", "1"] },
      null,
    ]) {
      expect(() => toVerifyingKey(wrong)).toThrow();
    }
  });

  it("is hashed as the contract hashes it: 22 words in order", () => {
    const words = [1, 2, 11, 10, 13, 12, 21, 20, 23, 22, 31, 30, 33, 32, 41, 42, 42, 43, 43, 44, 44, 45];
    const flat = AbiCoder.defaultAbiCoder().encode(words.map(() => "uint256"), words); // prettier-ignore
    expect(vkHash(toVerifyingKey(vkey))).toBe(keccak256(flat));
  });
});

describe("proofs", () => {
  it("take the same form from snarkjs and from the wire", () => {
    const expected = { a: [1n, 2n], b: [[11n, 10n], [13n, 12n]], c: [3n, 4n] }; // prettier-ignore
    expect(fromSnarkjsProof({ protocol: "groth16", curve: "bn128", pi_a: point1(1), pi_b: point2(10), pi_c: point1(3) })).toEqual(expected);
    expect(toProof({ a: [1n, 2n], b: [[10n, 11n], [12n, 13n]], c: [3n, 4n] })).toEqual(expected); // prettier-ignore
  });
});

describe("what is deployed", () => {
  it("carries the development network's key by hash", async () => {
    const source = await readFile(new URL("./src/libraries/DevnetKey.sol", import.meta.url), "utf8");
    const hash = /HASH =\s*0x([0-9a-f]{64});/.exec(source)?.[1];
    expect(hash).toMatch(/[1-9a-f]/);
    const { ZPUProofVerifier } = await loadArtifacts();
    expect(ZPUProofVerifier?.bytecode).toContain(hash);
  }, 60_000);

  it("fits into the code size of a contract", async () => {
    for (const [name, { bytecode }] of Object.entries(await loadArtifacts())) expect(bytecode.length / 2, name).toBeLessThan(24_576);
  }, 60_000);
});
