/** Puts the contracts on a chain, registers verifying keys, and turns keys and proofs into what the contracts read. */
import { Contract, ContractFactory, getCreateAddress, type Signer } from "ethers";
import { z } from "zod";
import { VERIFIER_ABI } from "./abi.ts";
import { loadArtifacts } from "./artifacts.ts";
import type { Deployment } from "./deployments.ts";

/** Stake below which a node gets no jobs: 1,000 tokens, in wei. */
export const MIN_STAKE_WEI = 1_000n * 10n ** 18n;
/** How long stake thaws: 21 days, longer than any evidence may take. */
export const THAW_SECONDS = 21 * 24 * 3600;

/** A point of G1 in affine coordinates. */
export type G1 = [x: bigint, y: bigint];
/** A point of G2 as the chain reads it (EIP-197): the imaginary part of each coordinate first. */
export type G2 = [x: [c1: bigint, c0: bigint], y: [c1: bigint, c0: bigint]];
/** `IZPUTypes.VerifyingKey`. */
export interface VerifyingKey {
  readonly alpha: G1;
  readonly beta: G2;
  readonly gamma: G2;
  readonly delta: G2;
  readonly ic: [G1, G1, G1, G1];
}
/** `IZPUTypes.Proof`. */
export interface ChainProof {
  readonly a: G1;
  readonly b: G2;
  readonly c: G1;
}

/** Who owns what was deployed, and the registry's terms. */
export interface DeployOptions {
  /** Owner of the proof verifier: may add models. */
  readonly admin: string;
  /** Receives the whole token supply; `admin` where it is left out. */
  readonly holder?: string;
  readonly minStakeWei?: bigint;
  readonly thawSeconds?: number;
}

/**
 * Deploys the five contracts with five transactions of `signer`, which must send nothing else meanwhile: treasury and jobs name
 * each other, so the address of jobs is computed from the signer's nonce first. Throws where the chain put one elsewhere.
 */
export async function deployAll(signer: Signer, options: DeployOptions): Promise<Deployment> {
  if (!signer.provider) throw new Error("the signer is not connected to a chain");
  const compiled = await loadArtifacts();
  const from = await signer.getAddress();
  const { chainId } = await signer.provider.getNetwork();
  let nonce = await signer.getNonce("pending");
  const deploy = async (name: string, args: readonly unknown[]): Promise<string> => {
    const artifact = compiled[name];
    if (!artifact) throw new Error(`${name} was not compiled`);
    const expected = getCreateAddress({ from, nonce });
    const contract = await new ContractFactory(artifact.abi, artifact.bytecode, signer).deploy(...args, { nonce });
    nonce += 1;
    await contract.deploymentTransaction()?.wait();
    const actual = await contract.getAddress();
    if (actual !== expected || (await signer.provider?.getCode(actual)) === "0x") throw new Error(`${name} is not at ${expected}`);
    return actual.toLowerCase();
  };

  const token = await deploy("ZPUToken", [options.holder ?? options.admin]);
  const registry = await deploy("ZPURegistry", [token, options.minStakeWei ?? MIN_STAKE_WEI, options.thawSeconds ?? THAW_SECONDS]);
  const verifier = await deploy("ZPUProofVerifier", [options.admin]);
  const treasury = await deploy("ZPUTreasury", [token, getCreateAddress({ from, nonce: nonce + 1 })]);
  const jobs = await deploy("ZPUJobs", [token, registry, verifier, treasury]);
  return { chainId, token, registry, jobs, verifier, treasury };
}

/** Registers the verifying key of `modelId` where it is not there yet (a key is never replaced); the transaction's hash, if one was needed. */
export async function addModelVk(signer: Signer, deployment: Deployment, modelId: string, vk: VerifyingKey): Promise<string | undefined> {
  const verifier = new Contract(deployment.verifier, VERIFIER_ABI, signer);
  if ((await verifier.getFunction("hasVk")(modelId)) === true) return undefined;
  const sent = (await verifier.getFunction("addVk")(modelId, vk)) as { hash: string; wait(): Promise<unknown> };
  await sent.wait();
  return sent.hash;
}

const coordinate = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);
const pair = z.tuple([coordinate, coordinate]);
/** snarkjs writes projective points; those of a key are normalised, so the last coordinate is one. */
const g1 = z.tuple([coordinate, coordinate, z.literal("1")]).transform(([x, y]): G1 => [x, y]);
const g2 = z.tuple([pair, pair, z.tuple([z.literal("1"), z.literal("0")])]).transform(([x, y]): G2 => [imaginaryFirst(x), imaginaryFirst(y)]);
const snarkjsVkey = z.object({
  protocol: z.literal("groth16"),
  curve: z.literal("bn128"),
  nPublic: z.literal(3),
  vk_alpha_1: g1,
  vk_beta_2: g2,
  vk_gamma_2: g2,
  vk_delta_2: g2,
  IC: z.tuple([g1, g1, g1, g1]),
});

const snarkjsProof = z.object({ protocol: z.literal("groth16"), curve: z.literal("bn128"), pi_a: g1, pi_b: g2, pi_c: g1 });

/** (c0, c1) as (c1, c0): the order of EIP-197. */
function imaginaryFirst([c0, c1]: [bigint, bigint]): [bigint, bigint] {
  return [c1, c0];
}

/** The chain's form of a verifying key that snarkjs exported (parsed JSON); throws ZodError where it is not one with three public signals. */
export function toVerifyingKey(vkey: unknown): VerifyingKey {
  const key = snarkjsVkey.parse(vkey);
  return { alpha: key.vk_alpha_1, beta: key.vk_beta_2, gamma: key.vk_gamma_2, delta: key.vk_delta_2, ic: key.IC };
}

/** The chain's form of a proof that snarkjs made (parsed JSON); throws ZodError where it is not one. */
export function fromSnarkjsProof(proof: unknown): ChainProof {
  const { pi_a: a, pi_b: b, pi_c: c } = snarkjsProof.parse(proof);
  return { a, b, c };
}

/** The chain's form of a proof whose G2 point is in the order [c0, c1], as proofs travel between machines. */
export function toProof(proof: { a: [bigint, bigint]; b: [[bigint, bigint], [bigint, bigint]]; c: [bigint, bigint] }): ChainProof {
  return { a: proof.a, b: [imaginaryFirst(proof.b[0]), imaginaryFirst(proof.b[1])], c: proof.c };
}
