/** Rebuilds the digits artifacts from the committed weights and fresh entropy: `npm run ceremony` (about ten minutes on two cores). */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDataSet } from "@zpu/circuits/data-set";
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { SEMANTICS } from "@zpu/circuits/integer-model";
import { modelIdentity } from "@zpu/circuits/model-id";
import { loadWitnessProgram } from "@zpu/circuits/witness";
import { commitInput, commitOutput, randomSalt } from "@zpu/proofs/commitment";
import { verifyGroth16 } from "@zpu/proofs/groth16";
import { proofFromSnarkjs, vkeyFromSnarkjs } from "@zpu/proofs/snarkjs-format";
import { groth16, r1cs } from "./snarkjs.ts";
import { makeProvingKey } from "./ceremony-steps.ts";
import { compileCircom } from "./compile.ts";
import { digitsCircuit } from "./digits-circuit.ts";
import { BEACON_ITERATIONS_EXP, endThreads, fileSha256, preparedPowersOfTau, type Progress } from "./powers-of-tau.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ARTIFACTS = join(ROOT, "circuits/artifacts");
const CACHE = join(ROOT, ".cache/ceremony");

/** Smallest power of two that the circuit fits in: one row for each constraint, each public signal and the constant. */
export const powerFor = (constraints: number, publicSignals: number): number => Math.ceil(Math.log2(constraints + publicSignals + 1));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Proves a held-out digit with the new artifacts and has two verifiers agree; what the contract tests use. */
async function proveFixture(wasm: Uint8Array<ArrayBuffer>, zkeyPath: string, vkey: Record<string, unknown>): Promise<unknown> {
  const digit = loadDataSet().heldOut[0];
  if (!digit) throw new Error("the data set is empty");
  const { logits } = classify(loadModel(), digit.pixels);
  const [inputSalt, outputSalt] = [randomSalt(randomBytes), randomSalt(randomBytes)];
  const [inputCommitment, outputCommitment] = [commitInput(digit.pixels, inputSalt), commitOutput(logits, outputSalt)];
  const context = BigInt(`0x${randomBytes(31).toString("hex")}`);
  const program = await loadWitnessProgram(wasm);
  const data = program.calculate({ inputCommitment, outputCommitment, context, pixels: Array.from(digit.pixels), inputSalt, outputSalt });
  const { proof, publicSignals } = await groth16.prove(zkeyPath, { type: "mem", data });
  const signals = [inputCommitment, outputCommitment, context];
  if (publicSignals.join() !== signals.join()) throw new Error("the public signals are not the three expected ones");
  if (!(await groth16.verify(vkey, publicSignals, proof))) throw new Error("snarkjs refuses the fixture's proof");
  const verdict = verifyGroth16(vkeyFromSnarkjs(vkey), signals, proofFromSnarkjs(proof));
  if (!verdict.ok) throw new Error(`the fixture's proof is refused: ${verdict.reason}`);
  const pixels = Buffer.from(digit.pixels).toString("base64");
  return { pixels, label: digit.label, logits, inputSalt: String(inputSalt), outputSalt: String(outputSalt), signals: signals.map(String), proof };
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const progress: Progress = (step) => process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
  // No public beacon is asked for (the ceremony works without a network): each one is drawn after the last contribution and published.
  const beacon = () => randomBytes(32).toString("hex");
  const build = join(CACHE, "build");
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build, { recursive: true });

  progress("circuit: compiling");
  const circuit = compileCircom(digitsCircuit(loadModel()), 1);
  const r1csPath = join(build, "digits.r1cs");
  writeFileSync(r1csPath, circuit.r1cs);
  writeFileSync(join(build, "digits.wasm"), circuit.wasm);
  const { nConstraints, nPubInputs, nOutputs } = await r1cs.exportJson(r1csPath);
  if (nPubInputs !== 3 || nOutputs !== 0) throw new Error("expected three public inputs and no output");
  const power = powerFor(nConstraints, nPubInputs);
  progress(`circuit: ${nConstraints} constraints, 2^${power}`);

  const phase1 = await preparedPowersOfTau(power, CACHE, beacon, progress);
  const zkeyPath = join(build, "digits.zkey");
  const { phase2, vkey } = await makeProvingKey(r1csPath, phase1, zkeyPath, beacon, progress);
  writeFileSync(join(build, "vkey.json"), json(vkey));

  progress("fixture: one digit proven and verified by snarkjs and by our own verifier");
  writeFileSync(join(build, "fixture.json"), json(await proveFixture(new Uint8Array(circuit.wasm), zkeyPath, vkey)));

  const { path: _path, sha256, ...published } = phase1;
  writeFileSync(
    join(build, "transcript.json"),
    json({
      statement: "All contributions were made on one machine; the key is for the development network and is refused on every other chain.",
      circuit: { constraints: nConstraints, r1csSha256: `0x${fileSha256(r1csPath)}` },
      beaconIterations: 2 ** BEACON_ITERATIONS_EXP,
      phase1: { ...published, preparedSha256: `0x${sha256}` },
      phase2,
    }),
  );

  const digest = (path: string) => `0x${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
  const kept = ["weights.json", "training.json", "digits.onnx"].map((name) => [name, digest(join(ARTIFACTS, name))] as const);
  const made = ["digits.wasm", "digits.zkey", "vkey.json", "transcript.json", "fixture.json"].map(
    (name) => [name, digest(join(build, name))] as const,
  );
  const { accuracy } = JSON.parse(readFileSync(join(ARTIFACTS, "training.json"), "utf8")) as { accuracy: unknown };
  const identity = modelIdentity(loadModel(), readFileSync(join(ARTIFACTS, "digits.onnx")));
  writeFileSync(
    join(build, "manifest.json"),
    json({ name: "digits-mlp", semantics: SEMANTICS, identity, constraints: nConstraints, accuracy, files: Object.fromEntries([...kept, ...made]) }),
  );
  for (const name of [...made.map(([file]) => file), "manifest.json"]) renameSync(join(build, name), join(ARTIFACTS, name));
  progress(`artifacts: ${ARTIFACTS}, model ${identity.modelId}`);

  const script = join(ROOT, "contracts/script/devnet-key.ts");
  if (existsSync(script)) {
    progress("contracts: the development network's key");
    const run = spawnSync(process.execPath, [script], { cwd: ROOT, stdio: "inherit" });
    if (run.status !== 0) throw new Error("the contracts did not take the key");
  }
  progress("done");
}

if (import.meta.main) {
  try {
    await main();
  } finally {
    await endThreads();
  }
}
