/** Every reason to refuse an offer, one at a time, against an offer that is otherwise perfect. */
import { commitInput } from "@zpu/proofs/commitment";
import { ZpuError } from "@zpu/protocol/errors";
import { address, bytes32, modelId } from "@zpu/protocol/ids";
import { BN254_ORDER, deriveJobId, type JobSpec } from "@zpu/protocol/job";
import { tokensToWei } from "@zpu/protocol/money";
import { describe, expect, it } from "vitest";
import { admit, type AdmissionContext, type Offer, type OpenedInput } from "./admission.ts";

const PROVIDER = address.parse(`0x${"11".repeat(20)}`);
const REQUESTOR = address.parse(`0x${"22".repeat(20)}`);
const MODEL = modelId.parse(`0x${"55".repeat(32)}`);
const NOW_MS = 1_800_000_000_000;
const word = (value: bigint) => bytes32.parse(`0x${value.toString(16).padStart(64, "0")}`);
const pixels = Uint8Array.from({ length: 784 }, (_, index) => (index * 7) % 256);
const input: OpenedInput = { tensor: { data: pixels, salt: word(9n) } };

function makeOffer(change: Partial<JobSpec> = {}): Offer {
  const spec: JobSpec = {
    provider: PROVIDER,
    modelId: MODEL,
    inputCommitment: word(commitInput(pixels, 9n)),
    priceWei: tokensToWei(2),
    acceptBy: NOW_MS / 1000 + 30,
    deadline: NOW_MS / 1000 + 600,
    ...change,
  };
  return {
    type: "offer", jobId: deriveJobId(REQUESTOR, 1n, spec), requestor: REQUESTOR, nonce: 1n, spec,
    input: { enc: new Uint8Array(32), ciphertext: new Uint8Array(40) }, replyKey: word(3n), signature: "0xaa",
  }; // prettier-ignore
}
const context: AdmissionContext = {
  nowMs: NOW_MS,
  provider: PROVIDER,
  offerings: [{ modelId: MODEL, name: "digits-mlp", priceWei: tokensToWei(2), proof: "zk" }],
  openJobs: 0,
  maxOpenJobs: 8,
  openOffers: 0,
  maxOffers: 64,
  offersOf: () => 0,
  maxOffersPerRequestor: 8,
  diskFull: undefined,
  chain: { reachable: true, rpcUrl: "http://127.0.0.1:1" },
  registration: { registered: true, active: true, stakeWei: tokensToWei(1000), minStakeWei: tokensToWei(1000) },
  minWorkMs: 15_000,
  minPostMs: 1_000,
  maxPostMs: 120_000,
  recoverRequestor: (_jobId, signature) => (signature === "0xaa" ? REQUESTOR : signature === "0xbb" ? PROVIDER : undefined),
};
const code = (offer: Offer, opened: OpenedInput, change: Partial<AdmissionContext> = {}): string => {
  try {
    admit(offer, opened, { ...context, ...change });
    return "admitted";
  } catch (error) {
    return error instanceof ZpuError ? error.code : String(error);
  }
};
const registration = (change: object): Partial<AdmissionContext> => ({
  registration: { registered: true, active: true, stakeWei: tokensToWei(1000), minStakeWei: tokensToWei(1000), ...change },
});

describe("admit", () => {
  it("takes a perfect offer and brings its input", () => {
    expect(admit(makeOffer(), input, context)).toEqual({ offering: context.offerings[0], pixels, inputSalt: 9n });
  });

  it.each<[string, Offer]>([
    ["MALFORMED_MESSAGE", { ...makeOffer(), nonce: 2n }],
    ["MALFORMED_MESSAGE", { ...makeOffer(), signature: "0xbb" }],
    ["MALFORMED_MESSAGE", { ...makeOffer(), signature: "0x00" }],
    ["MALFORMED_MESSAGE", { ...makeOffer(), requestor: PROVIDER }],
    ["MALFORMED_MESSAGE", makeOffer({ provider: REQUESTOR })],
    ["UNKNOWN_MODEL", makeOffer({ modelId: modelId.parse(`0x${"56".repeat(32)}`) })],
    ["BUDGET_TOO_LOW", makeOffer({ priceWei: tokensToWei(2) - 1n })],
    ["DEADLINE_TOO_SOON", makeOffer({ deadline: NOW_MS / 1000 + 14, acceptBy: NOW_MS / 1000 + 10 })],
    ["DEADLINE_TOO_SOON", makeOffer({ acceptBy: NOW_MS / 1000 })],
    ["INPUT_INVALID", makeOffer({ acceptBy: NOW_MS / 1000 + 121, deadline: NOW_MS / 1000 + 4_000 })],
    ["INPUT_INVALID", makeOffer({ acceptBy: NOW_MS / 1000 + 110, deadline: NOW_MS / 1000 + 109 })],
    ["COMMITMENT_MISMATCH", makeOffer({ inputCommitment: word(12n) })],
  ])("answers %s for an offer that is wrong in itself", (expected, offer) => {
    expect(code(offer, input)).toBe(expected);
  });

  it.each<[string, Partial<AdmissionContext>]>([
    ["DISK_FULL", { diskFull: { path: "/data" } }],
    ["CHAIN_UNREACHABLE", { chain: { reachable: false, rpcUrl: "http://127.0.0.1:1" } }],
    ["CHAIN_UNREACHABLE", { registration: undefined }],
    ["NOT_REGISTERED", registration({ registered: false, active: false, stakeWei: 0n })],
    ["STAKE_TOO_LOW", registration({ stakeWei: tokensToWei(999), active: false })],
    ["PROVIDER_PAUSED", registration({ active: false })],
    ["PROVIDER_BUSY", { openJobs: 8 }],
    ["PROVIDER_BUSY", { openOffers: 64 }],
    ["RATE_LIMITED", { offersOf: (requestor) => (requestor === REQUESTOR ? 8 : 0) }],
    ["admitted", { openJobs: 7, openOffers: 63, offersOf: (requestor) => (requestor === REQUESTOR ? 7 : 8) }],
    ["UNKNOWN_MODEL", { offerings: [] }],
  ])("answers %s for the state the node is in", (expected, change) => {
    expect(code(makeOffer(), input, change)).toBe(expected);
  });

  it.each<[string, OpenedInput]>([
    ["MALFORMED_MESSAGE", { error: { code: "MALFORMED_MESSAGE", facts: { detail: "the seal cannot be opened" } } }],
    ["INPUT_INVALID", { tensor: { data: pixels.slice(1), salt: word(9n) } }],
    ["INPUT_INVALID", { tensor: { data: new Uint8Array(785), salt: word(9n) } }],
    ["INPUT_INVALID", { tensor: { data: pixels, salt: word(BN254_ORDER) } }],
    ["COMMITMENT_MISMATCH", { tensor: { data: pixels, salt: word(8n) } }],
    ["COMMITMENT_MISMATCH", { tensor: { data: pixels.map((value) => value ^ 1), salt: word(9n) } }],
  ])("answers %s for what the seal holds", (expected, opened) => {
    expect(code(makeOffer(), opened)).toBe(expected);
  });
});
