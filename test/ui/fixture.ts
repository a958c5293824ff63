/** State for the screens under test, made from seeds: the shapes of the real contract, digits in several hands. */
import { classify, loadModel } from "@zpu/circuits/digits-reference";
import { HISTORY_POINTS, LISTED_ENTRIES, type EarningsSummary } from "@zpu/ipc/operator/earnings";
import type { JobView } from "@zpu/ipc/operator/jobs";
import type { NodeStatus } from "@zpu/ipc/operator/node";
import { digitImage } from "@zpu/protocol/digit-image";
import type { ErrorRecord } from "@zpu/protocol/errors";
import { address, jobId, modelId, txHash, bytes32, type TxHash } from "@zpu/protocol/ids";
import type { JobState } from "@zpu/protocol/job";
import { sampleDigit } from "@zpu/renderer/lib/sample-digits";
import { RASTER_EDGE, rasterise } from "@zpu/renderer/lib/strokes";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** 64 hex digits that follow from the seed alone. */
function word(seed: string | number): string {
  return Buffer.from(keccak_256(new TextEncoder().encode(String(seed)))).toString("hex");
}
/** A transaction hash for a seed. */
export const txOf = (seed: number): TxHash => txHash.parse(`0x${word(`tx ${seed}`)}`);
/** A small number that follows from a job and a state. */
export const hash = (job: string, state: string): number => Number.parseInt(word(job + state).slice(0, 8), 16);
const accountOf = (seed: string) => address.parse(`0x${word(seed).slice(0, 40)}`);
const MODEL = modelId.parse(`0x${word("digits-mlp")}`);
const MODEL_WEIGHTS = loadModel();
const ONE = 10n ** 18n;

/** 784 grey values of `digit` as the `variant`-th hand writes it, sheared and thinner or wider; -1 is as the page draws its sample. */
export function picture(digit: number, variant: number): Uint8Array<ArrayBuffer> {
  const [shear, width] = variant < 0 ? [0, 1] : [((variant * 7) % 5) * 0.09 - 0.14, 0.8 + ((variant * 3) % 4) * 0.11];
  const strokes = sampleDigit(digit).map((stroke) => stroke.map(({ x, y }) => ({ x: 0.5 + (x - 0.5) * width - (y - 0.5) * shear, y })));
  return digitImage({ width: RASTER_EDGE, height: RASTER_EDGE, data: rasterise(strokes) }, "dark");
}

/** The node of the tests. */
export function nodeStatus(change: Partial<NodeStatus> = {}): NodeStatus {
  return {
    version: "0.1.0",
    startedAtMs: Date.now() - 754_000,
    provider: accountOf("provider"),
    operator: accountOf("operator"),
    payout: accountOf("payout"),
    peerId: "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo",
    multiaddrs: ["/ip4/127.0.0.1/tcp/40111"],
    peers: 1,
    registered: true,
    stakeWei: 1_000n * ONE,
    chain: { chainId: 5_918_805n, rpcUrl: "http://127.0.0.1:8545", block: 1_284, reachable: true, devnet: true },
    accepting: true,
    offerings: [{ modelId: MODEL, name: "digits-mlp", priceWei: 2n * ONE }],
    processes: [
      { name: "core", pid: 4_101, state: "ready", restarts: 0 },
      { name: "network", pid: 4_117, state: "ready", restarts: 0 },
      { name: "signer", pid: 4_118, state: "ready", restarts: 0 },
      { name: "executor", pid: 4_119, state: "ready", restarts: 0 },
      { name: "prover", pid: 4_120, state: "ready", restarts: 0 },
    ],
    devnetUrl: "http://127.0.0.1:8550",
    ...change,
  };
}

/** Nothing earned, nothing claimed. */
export const emptyEarnings = (): EarningsSummary => ({
  claimableWei: 0n,
  claimedWei: 0n,
  balanceWei: 0n,
  pendingWei: 0n,
  earnedCount: 0,
  claimsCount: 0,
  earned: [],
  claims: [],
  history: [],
});

interface JobSeed {
  readonly seed: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly label?: number | undefined;
  readonly receivedAtMs?: number;
}

/** A job that has just been offered. */
export function openJob({ seed, pixels, label, receivedAtMs = Date.now() }: JobSeed): JobView {
  return {
    jobId: jobId.parse(`0x${word(`job ${seed}`)}`),
    requestor: accountOf(`requestor ${seed % 3}`),
    modelId: MODEL,
    modelName: "digits-mlp",
    priceWei: 2n * ONE,
    state: "offered",
    evidence: "receipt",
    receivedAtMs,
    deadlineMs: receivedAtMs + 600_000,
    events: [{ state: "offered", atMs: receivedAtMs }],
    stagesMs: {},
    pixels,
    ...(label === undefined ? {} : { label }),
  };
}

/** What each state brings along, as the node fills a job's view; the answer is the real model's. */
export function gains({ seed, pixels }: Pick<JobSeed, "seed" | "pixels">): Partial<Record<JobState, Partial<JobView>>> {
  const { digit, logits } = classify(MODEL_WEIGHTS, pixels);
  const run = 0.4 + (seed % 7) / 10;
  const witness = 96 + ((seed * 13) % 40);
  const prove = 640 + ((seed * 37) % 240);
  const times = { run, witness, prove, verify: 11.4 + (seed % 5) };
  const receipt = { engine: "onnxruntime-node@1.30.0/cpu", profile: "integer-v1", countersigned: false };
  return {
    executed: { digit, logits, stagesMs: { run }, outputCommitment: bytes32.parse(`0x${word(`output ${seed}`)}`) },
    proven: { evidence: "zk", stagesMs: times, receipt },
    settling: { receipt: { ...receipt, countersigned: true } },
    paid: { stagesMs: { ...times, settle: 1_040 + ((seed * 17) % 300) }, receipt: { ...receipt, countersigned: true } },
  };
}

const WAY: readonly [state: JobState, afterMs: number, sent: boolean][] = [
  ["accepting", 40, false],
  ["accepted", 620, true],
  ["executed", 24, false],
  ["proven", 910, false],
  ["submitting", 30, false],
  ["verified", 560, true],
  ["settling", 8, false],
  ["paid", 540, true],
];

/** The job walked on to `until`. */
export function jobAt(from: JobSeed, until: JobState): JobView {
  let job = openJob(from);
  const brought = gains(from);
  for (const [state, afterMs, sent] of WAY) {
    if (job.state === until) break;
    const atMs = (job.events.at(-1)?.atMs ?? 0) + afterMs + (from.seed % 9) * 7;
    job = { ...job, ...brought[state], state, events: [...job.events, { state, atMs, ...(sent ? { tx: txOf(hash(job.jobId, state)) } : {}) }] };
  }
  return job;
}

/** The job ended with an error after reaching `after`. */
export function endedJob(from: JobSeed, after: JobState, state: JobState, error: ErrorRecord): JobView {
  const job = jobAt(from, after);
  return { ...job, state, error, events: [...job.events, { state, atMs: (job.events.at(-1)?.atMs ?? 0) + 1_200, error }] };
}

/** A morning's work: two jobs under way, one refused by the chain, one misclassified, the rest paid. Newest first. */
export function busyJobs(nowMs = Date.now()): JobView[] {
  const seed = (index: number, label: number, agoMs: number, drawn = label): JobSeed => ({
    seed: index,
    label,
    pixels: picture(drawn, index % 5),
    receivedAtMs: nowMs - agoMs,
  });
  return [
    jobAt(seed(1, 7, 1_700), "executed"),
    jobAt(seed(2, 2, 3_100), "submitting"),
    jobAt(seed(3, 5, 42_000), "paid"),
    jobAt(seed(4, 9, 88_000, 4), "paid"),
    endedJob(seed(5, 8, 150_000), "submitting", "failed", { code: "PROOF_REJECTED", facts: { reason: "ProofRejected: the deadline had passed" } }),
    ...[0, 3, 6, 1, 4, 8, 2, 9, 5, 7].map((label, index) => jobAt(seed(index + 6, label, 180_000 + index * 47_000), "paid")),
  ];
}

/** The earnings that belong to such a morning. */
export function busyEarnings(nowMs = Date.now()): EarningsSummary {
  const gapsMs = Array.from({ length: 46 }, (_, index) => 30_000 + (Number.parseInt(word(`gap ${index}`).slice(0, 6), 16) % 260_000));
  const total = gapsMs.reduce((sum, gap) => sum + gap, 0);
  let atMs = nowMs - total - 40_000;
  const earned = gapsMs.map((gap, index) => {
    atMs += gap;
    return { jobId: jobId.parse(`0x${word(`job ${200 - index}`)}`), atMs, amountWei: 2n * ONE, tx: txOf(500 + index) };
  });
  const claims = [
    { atMs: nowMs - total * 0.62, amountWei: 32n * ONE, tx: txOf(8_001) },
    { atMs: nowMs - total * 0.3, amountWei: 30n * ONE, tx: txOf(8_002) },
  ];
  return {
    claimableWei: 30n * ONE,
    claimedWei: 62n * ONE,
    balanceWei: 62n * ONE,
    pendingWei: 4n * ONE,
    earnedCount: earned.length,
    claimsCount: claims.length,
    earned,
    claims,
    history: earned.map((entry, index) => ({ atMs: entry.atMs, totalWei: BigInt(index + 1) * 2n * ONE })),
  };
}

/** The earnings of a node that has run for months: far more payments than are listed, the history in as many points as there may be. */
export function longEarnings(nowMs = Date.now()): EarningsSummary {
  const payments = 12_345;
  const everyMs = 600_000;
  const atOf = (index: number): number => nowMs - (payments - index) * everyMs;
  const earned = Array.from({ length: LISTED_ENTRIES }, (_, index) => {
    const number = payments - LISTED_ENTRIES + index;
    return { jobId: jobId.parse(`0x${word(`job ${number}`)}`), atMs: atOf(number), amountWei: 2n * ONE, tx: txOf(100_000 + number) };
  });
  const history = Array.from({ length: HISTORY_POINTS }, (_, index) => {
    const number = Math.round(((index + 1) * payments) / HISTORY_POINTS);
    return { atMs: atOf(number - 1), totalWei: BigInt(number) * 2n * ONE };
  });
  const totalWei = BigInt(payments) * 2n * ONE;
  const claims = [{ atMs: nowMs - 30 * 86_400_000, amountWei: totalWei - 10n * ONE, tx: txOf(8_003) }];
  return {
    claimableWei: 10n * ONE,
    claimedWei: totalWei - 10n * ONE,
    balanceWei: totalWei - 10n * ONE,
    pendingWei: 0n,
    earnedCount: payments,
    claimsCount: claims.length,
    earned,
    claims,
    history,
  };
}
