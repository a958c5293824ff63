/** Every way to pass off something else as a job's proof is refused by the contracts on a real chain, each with its own error. */
import { accountOfKey, accountOn, newPrivateKey } from "@zpu/contracts/account";
import { JOBS_ABI, REGISTRY_ABI, TOKEN_ABI, VERIFIER_ABI } from "@zpu/contracts/abi";
import { addModelVk, deployAll, toProof, toVerifyingKey } from "@zpu/contracts/deploy";
import { DEVNET_CHAIN_ID, type Deployment } from "@zpu/contracts/deployments";
import { decodeRevert, describeRevert } from "@zpu/contracts/errors";
import { readFileSync } from "node:fs";
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { loadDataSet } from "@zpu/circuits/data-set";
import { DIGITS } from "@zpu/circuits/digits";
import { openChain, type Chain } from "@zpu/devnet/chain";
import { commitInput, commitOutput } from "@zpu/proofs/commitment";
import { address, bytes32, modelId, type Address, type JobId } from "@zpu/protocol/ids";
import { BN254_ORDER, deriveJobId, jobContext, type Groth16Proof, type JobSpec } from "@zpu/protocol/job";
import { loadProver } from "@zpu/provider/proving/groth16";
import { bn254 } from "@noble/curves/bn254.js";
import { Contract, isError, type Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hex32 } from "./requestor.ts";

const vkey = toVerifyingKey(JSON.parse(readFileSync(DIGITS.vkey.path, "utf8")));
const BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const PRICE = 2n * 10n ** 18n;
const INPUT_SALT = 1234567n;
const OUTPUT_SALT = 7654321n;

/** A point of the twist y^2 = x^3 + 3 / (9 + i) that is not in the subgroup of order r: nearly all of its points are not. */
function outsideSubgroup(): Groth16Proof["b"] {
  const { Fp2 } = bn254.fields;
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let x0 = 1n; ; x0 += 1n) {
    const x = Fp2.fromBigTuple([x0, 0n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      if (!bn254.G2.Point.fromAffine({ x, y }).isTorsionFree()) {
        return [
          [x.c0, x.c1],
          [y.c0, y.c1],
        ];
      }
    } catch {
      // No square root: no point with this x.
    }
  }
}

/** A chain with contracts, two providers and a requestor. */
interface World {
  readonly chain: Chain;
  readonly deployment: Deployment;
  readonly admin: Wallet;
  readonly requestor: Wallet;
  readonly providers: readonly { readonly owner: Address; readonly operator: Wallet }[];
}

const on = (contract: string, abi: readonly string[], wallet: Wallet): Contract => new Contract(contract, abi, wallet);
const done = async (sent: Promise<unknown>): Promise<void> => void (await ((await sent) as { wait(): Promise<unknown> }).wait());

async function openWorld(chainId: bigint): Promise<World> {
  const keys = Array.from({ length: 6 }, newPrivateKey);
  const chain = await openChain({ chainId, prefunded: keys.map(accountOfKey) });
  const [admin, requestor, owner1, operator1, owner2, operator2] = keys.map((key) => accountOn(chain, chainId, key)) as [
    Wallet,
    Wallet,
    Wallet,
    Wallet,
    Wallet,
    Wallet,
  ];
  const deployment = await deployAll(admin, { admin: admin.address });
  const token = on(deployment.token, TOKEN_ABI, admin);
  for (const holder of [requestor, owner1, owner2]) await done(token.getFunction("transfer")(holder.address, 5_000n * 10n ** 18n));
  await done(on(deployment.token, TOKEN_ABI, requestor).getFunction("approve")(deployment.jobs, 2n ** 255n));
  const providers = [];
  for (const [index, [owner, operator]] of [[owner1, operator1] as const, [owner2, operator2] as const].entries()) {
    await done(on(deployment.token, TOKEN_ABI, owner).getFunction("approve")(deployment.registry, 2n ** 255n));
    await done(
      on(deployment.registry, REGISTRY_ABI, owner).getFunction("register")(
        operator.address,
        owner.address,
        hex32(BigInt(index + 1)),
        1_000n * 10n ** 18n,
      ),
    );
    providers.push({ owner: address.parse(owner.address.toLowerCase()), operator });
  }
  return { chain, deployment, admin, requestor, providers };
}

let world: World;
let proof: Groth16Proof;
let pixels: Uint8Array;
let logits: number[];
let job: { jobId: JobId; spec: JobSpec };
let outputCommitment: string;
let nonce = 0n;

/** Posts a job of `terms` and has it accepted. */
async function postJob(terms: { provider?: number; inputCommitment?: string } = {}): Promise<{ jobId: JobId; spec: JobSpec }> {
  const provider = world.providers[terms.provider ?? 0];
  if (provider === undefined) throw new Error("no such provider");
  const seconds = Math.floor(Date.now() / 1000);
  const inputCommitment = bytes32.parse(terms.inputCommitment ?? hex32(commitInput(pixels, INPUT_SALT)));
  const spec: JobSpec = {
    provider: provider.owner,
    modelId: modelId.parse(DIGITS.modelId),
    inputCommitment,
    priceWei: PRICE,
    acceptBy: seconds + 600,
    deadline: seconds + 3600,
  };
  nonce += 1n;
  const list = [spec.provider, spec.modelId, spec.inputCommitment, spec.priceWei, spec.acceptBy, spec.deadline];
  await done(on(world.deployment.jobs, JOBS_ABI, world.requestor).getFunction("post")(list, nonce));
  const jobId = deriveJobId(address.parse(world.requestor.address.toLowerCase()), nonce, spec);
  await done(on(world.deployment.jobs, JOBS_ABI, provider.operator).getFunction("accept")(jobId));
  return { jobId, spec };
}

const PROOF_REFUSALS: readonly string[] = ["ProofRefused", "ProofPointInvalid", "SignalOutOfField"];

/** The custom error with which `prove` of provider `by` is refused; undefined where it is not. */
async function refusal(jobId: string, output: string, given: Groth16Proof, by = 0): Promise<string | undefined> {
  const operator = world.providers[by]?.operator;
  if (operator === undefined) throw new Error("no such provider");
  try {
    await on(world.deployment.jobs, JOBS_ABI, operator).getFunction("prove").staticCall(jobId, output, toProof(given));
    return undefined;
  } catch (error) {
    if (!isError(error, "CALL_EXCEPTION") || error.data === null) throw error;
    const revert = decodeRevert(error.data);
    if (revert === undefined) return error.data;
    // Each is one code of the app with a sentence for a person, every fact filled in.
    const { code, sentence } = describeRevert(revert);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(sentence).not.toContain("unknown");
    if (PROOF_REFUSALS.includes(revert.name)) expect(code).toBe("PROOF_REJECTED");
    return revert.name;
  }
}

beforeAll(async () => {
  world = await openWorld(DEVNET_CHAIN_ID);
  await addModelVk(world.admin, world.deployment, DIGITS.modelId, vkey);
  const digit = loadDataSet().heldOut[0];
  if (digit === undefined) throw new Error("no digit");
  pixels = digit.pixels;
  job = await postJob();
  const prover = await loadProver({
    witnessPath: DIGITS.witness.path,
    witnessSha256: DIGITS.witness.sha256,
    zkeyPath: DIGITS.zkey.path,
    zkeySha256: DIGITS.zkey.sha256,
    vkeyPath: DIGITS.vkey.path,
    vkeySha256: DIGITS.vkey.sha256,
  });
  logits = classify(loadModel(), pixels).logits;
  const context = jobContext(DEVNET_CHAIN_ID, address.parse(world.deployment.jobs), job.jobId, job.spec.provider);
  proof = (await prover.prove({ input: pixels, output: logits, inputSalt: INPUT_SALT, outputSalt: OUTPUT_SALT, context })).proof;
  outputCommitment = hex32(commitOutput(logits, OUTPUT_SALT));
}, 60_000);
afterAll(async () => {
  await world.chain.close();
});

describe("the chain refuses", () => {
  it("nothing about the true proof", async () => {
    expect(await refusal(job.jobId, outputCommitment, proof)).toBeUndefined();
  });

  it("another output", async () => {
    const other = logits.map((value, index) => (index === 0 ? value + 1 : value));
    expect(await refusal(job.jobId, hex32(commitOutput(other, OUTPUT_SALT)), proof)).toBe("ProofRefused");
  });

  it("another input", async () => {
    const altered = Uint8Array.from(pixels, (grey, index) => (index === 400 ? 255 - grey : grey));
    const { jobId } = await postJob({ inputCommitment: hex32(commitInput(altered, INPUT_SALT)) });
    expect(await refusal(jobId, outputCommitment, proof)).toBe("ProofRefused");
  });

  it("the proof of another job with the same input", async () => {
    expect(await refusal((await postJob()).jobId, outputCommitment, proof)).toBe("ProofRefused");
  });

  it("the proof of another provider, and another provider's hand", async () => {
    const { jobId } = await postJob({ provider: 1 });
    expect(await refusal(jobId, outputCommitment, proof, 1)).toBe("ProofRefused");
    expect(await refusal(job.jobId, outputCommitment, proof, 1)).toBe("NotOperator");
  });

  it("points off the curve, outside the subgroup, or with coordinates that are not reduced", async () => {
    const bent: Groth16Proof[] = [
      { ...proof, a: [proof.a[0] + 1n, proof.a[1]] },
      { ...proof, c: [proof.c[0], proof.c[1] + 1n] },
      { ...proof, b: [proof.b[0], [proof.b[1][0] + 1n, proof.b[1][1]]] },
      { ...proof, a: [proof.a[0] + BASE_FIELD, proof.a[1]] },
      { ...proof, c: [proof.c[0], proof.c[1] + BASE_FIELD] },
      { ...proof, b: outsideSubgroup() },
    ];
    for (const [index, given] of bent.entries()) expect(await refusal(job.jobId, outputCommitment, given), `case ${index}`).toBe("ProofPointInvalid");
  });

  it("a proof that was turned into another one of the same points' negation, and swapped points", async () => {
    expect(await refusal(job.jobId, outputCommitment, { ...proof, a: [proof.a[0], BASE_FIELD - proof.a[1]] })).toBe("ProofRefused");
    expect(await refusal(job.jobId, outputCommitment, { ...proof, a: proof.c, c: proof.a })).toBe("ProofRefused");
  });

  it("an output commitment that is not a field element, though it is the same modulo r", async () => {
    expect(await refusal(job.jobId, hex32(BigInt(outputCommitment) + BN254_ORDER), proof)).toBe("SignalOutOfField");
  });

  it("the devnet's verifying key on another chain", async () => {
    const other = await openWorld(31_337n);
    const refused: unknown = await on(other.deployment.verifier, VERIFIER_ABI, other.admin)
      .getFunction("addVk")
      .staticCall(DIGITS.modelId, vkey)
      .catch((error: unknown) => (isError(error, "CALL_EXCEPTION") && error.data !== null ? decodeRevert(error.data) : error));
    expect(refused).toEqual({ name: "VkDevnetOnly", args: { chainId: "31337" } });
    await other.chain.close();
  });

  it("the same proof at another deployment on the same chain", async () => {
    const home = world;
    const other = await openWorld(DEVNET_CHAIN_ID);
    try {
      await addModelVk(other.admin, other.deployment, DIGITS.modelId, vkey);
      world = other;
      expect(await refusal((await postJob()).jobId, outputCommitment, proof)).toBe("ProofRefused");
    } finally {
      world = home;
      await other.chain.close();
    }
  });

  it("a second proof of a job that is proven", async () => {
    const jobs = on(world.deployment.jobs, JOBS_ABI, world.providers[0]!.operator);
    await done(jobs.getFunction("prove")(job.jobId, outputCommitment, toProof(proof)));
    expect(await refusal(job.jobId, outputCommitment, proof)).toBe("JobStateWrong");
    await done(jobs.getFunction("settle")(job.jobId));
    expect(await refusal(job.jobId, outputCommitment, proof)).toBe("JobStateWrong");
  });
});
