/** Whatever a stranger sends or breaks has one code with a sentence, loses nothing, and leaves the job in a named state. Real processes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { whenSlice } from "@zpu/devnet/jobs-run";
import type { Channel } from "@zpu/network/channel";
import { describeError, ZpuError, type ErrorCode } from "@zpu/protocol/errors";
import { decodeBody, FrameDecoder } from "@zpu/protocol/frames";
import { address, modelId, txHash } from "@zpu/protocol/ids";
import { jobReply, PROTOCOLS, type JobReply, type JobRequest } from "@zpu/protocol/messages";
import { ZPUClient } from "@zpu/sdk/client";
import { newRequestorKey } from "@zpu/sdk/escrow";
import { createLibp2p } from "libp2p";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openRequestor, type HandRequestor } from "./requestor.ts";
import { alive, openRig, providerDir, whenJob, whenListed, type Rig } from "./rig.ts";

const PIXELS = new Uint8Array(784).map((_, index) => (index % 28 > 12 && index % 28 < 16 ? 255 : 0));

/** The reply, which must be a refusal with `code` that reads as a sentence. */
function expectRefusal(reply: JobReply | undefined, code: ErrorCode): void {
  expect(reply).toMatchObject({ type: "rejected", error: { code } });
  if (reply?.type !== "rejected") return;
  const { sentence, remedy } = describeError(reply.error);
  expect(sentence).toMatch(/^[A-Z].{10,}\.$/s);
  expect(sentence).not.toContain("unknown");
  expect(remedy).toMatch(/^[A-Z].{5,}/s);
}

/** Messages until one of type `wanted`. */
async function until<T extends JobReply["type"]>(channel: Channel<JobRequest, JobReply>, wanted: T): Promise<Extract<JobReply, { type: T }>> {
  for (;;) {
    const reply = await channel.next();
    if (reply === undefined) throw new Error(`the stream ended before ${wanted}`);
    if (reply.type === wanted) return reply as Extract<JobReply, { type: T }>;
    if (reply.type === "rejected") throw ZpuError.from(reply.error);
  }
}

describe("what a stranger sends", () => {
  let rig: Rig;
  let requestor: HandRequestor;
  beforeAll(async () => void (rig = await openRig()), 90_000);
  afterAll(() => rig.close());
  beforeEach(async () => {
    requestor = await openRequestor(rig.devnet.url);
    await requestor.dial();
  });
  afterEach(() => requestor.close());

  const refusalOf = async (message: unknown): Promise<JobReply | undefined> => {
    const channel = await requestor.openJob();
    await channel.send(message as JobRequest);
    return channel.next();
  };
  const jobCount = async (): Promise<number> => (await whenSlice(rig.provider.operator.jobs.list, () => true, 5000)).length;

  it.each([
    ["another type", { type: "nonsense" }],
    ["no message at all", 7],
    ["a job id of the wrong length", { type: "cancel", jobId: "0x12" }],
  ])("malformed: %s", async (_, message) => {
    expectRefusal(await refusalOf(message), "MALFORMED_MESSAGE");
  });

  it("malformed: an offer whose id does not follow from its terms, and one signed by somebody else", async () => {
    const { offer } = await requestor.makeOffer();
    expectRefusal(await refusalOf({ ...offer, nonce: offer.nonce + 1n }), "MALFORMED_MESSAGE");
    const other = await openRequestor(rig.devnet.url, { funded: false });
    expectRefusal(await refusalOf({ ...offer, signature: await other.account.signJobId(offer.jobId) }), "MALFORMED_MESSAGE");
    await other.close();
  });

  it("malformed: an input sealed to somebody else", async () => {
    const { offer } = await requestor.makeOffer({ sealTo: (await requestor.makeOffer()).offer.replyKey });
    expectRefusal(await refusalOf(offer), "MALFORMED_MESSAGE");
  });

  it("oversized: refused at the frame's header, before its body is sent", async () => {
    const rogue = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [tls()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
    });
    try {
      const stream = await rogue.dialProtocol(
        requestor.listing.multiaddrs.map((text) => multiaddr(text)),
        PROTOCOLS.job.id,
      );
      const answers: JobReply[] = [];
      const decoder = new FrameDecoder(65_536);
      const ended = new Promise<void>((resolve) => {
        stream.addEventListener("message", (event) => {
          for (const part of event.data instanceof Uint8Array ? [event.data] : event.data)
            for (const body of decoder.push(part)) answers.push(decodeBody(body, jobReply));
          if (answers.length > 0) resolve();
        });
        stream.addEventListener("close", () => resolve());
      });
      stream.send(Uint8Array.of(0, 16, 0, 0));
      await ended;
      expectRefusal(answers[0], "MESSAGE_TOO_LARGE");
    } finally {
      await rogue.stop();
    }
  });

  it("oversized: an input of the wrong size", async () => {
    const { offer } = await requestor.makeOffer({ data: new Uint8Array(1000) });
    expectRefusal(await refusalOf(offer), "INPUT_INVALID");
  });

  it("replayed: the same offer twice is one job, on whichever stream", async () => {
    const before = await jobCount();
    const { offer, jobId } = await requestor.makeOffer();
    const first = await requestor.openJob();
    await first.send(offer);
    expect(await first.next()).toMatchObject({ type: "accepted", jobId });
    const second = await requestor.openJob();
    await second.send(offer);
    expect(await second.next()).toMatchObject({ type: "accepted", jobId });
    await whenJob(rig, jobId, (job) => job.state === "offered", 5000);
    expect(await jobCount()).toBe(before + 1);
    await second.send({ type: "cancel", jobId });
    await whenJob(rig, jobId, (job) => job.state === "cancelled", 10_000);
    expectRefusal(await refusalOf(offer), "REPLAYED_MESSAGE");
    expect(await jobCount()).toBe(before + 1);
  });

  it("unknown model", async () => {
    expectRefusal(await refusalOf((await requestor.makeOffer({ modelId: modelId.parse(`0x${"ab".repeat(32)}`) })).offer), "UNKNOWN_MODEL");
    const client = new ZPUClient(rig.devnet.url);
    await expect(client.submitJob({ model: "llama-900b", input: { pixels: PIXELS }, maxBudget: 10 })).rejects.toMatchObject({
      code: "UNKNOWN_MODEL",
    });
    await client.close();
  });

  it("budget too low", async () => {
    expectRefusal(await refusalOf((await requestor.makeOffer({ priceWei: 1n })).offer), "BUDGET_TOO_LOW");
    const client = new ZPUClient(rig.devnet.url);
    await expect(client.submitJob({ model: "digits-mlp", input: { pixels: PIXELS }, maxBudget: 1 })).rejects.toMatchObject({
      code: "BUDGET_TOO_LOW",
    });
    await client.close();
  });

  it("another input than the one committed to", async () => {
    const { offer } = await requestor.makeOffer({ data: Uint8Array.from(PIXELS, (grey) => 255 - grey) });
    expectRefusal(await refusalOf(offer), "COMMITMENT_MISMATCH");
  });

  it("too little time", async () => {
    expectRefusal(await refusalOf((await requestor.makeOffer({ deadlineInSeconds: 5, acceptInSeconds: 4 })).offer), "DEADLINE_TOO_SOON");
  });

  it("a requestor without funds", async () => {
    const client = new ZPUClient(rig.devnet.url, { signer: newRequestorKey() });
    await expect(client.submitJob({ model: "digits-mlp", input: { pixels: PIXELS }, maxBudget: 10 })).rejects.toMatchObject({
      code: "INSUFFICIENT_FUNDS",
    });
    await client.close();
  });

  it("an escrow that was never posted: told at once, and the job stays in a named state", { timeout: 60_000 }, async () => {
    const { offer, jobId } = await requestor.makeOffer();
    const channel = await requestor.openJob();
    await channel.send(offer);
    await until(channel, "accepted");
    await channel.send({ type: "posted", jobId, tx: txHash.parse(`0x${"77".repeat(32)}`) });
    await expect(until(channel, "ended")).rejects.toMatchObject({ code: "JOB_NOT_POSTED" });
    expect((await whenJob(rig, jobId, () => true)).state).toBe("offered");
  });

  it("an escrow posted with other terms than agreed is not worked on", { timeout: 60_000 }, async () => {
    const agreed = await requestor.makeOffer();
    const cheaper = { ...agreed.spec, priceWei: 1n };
    const channel = await requestor.openJob();
    await channel.send(agreed.offer);
    await until(channel, "accepted");
    const { hash } = await requestor.account.post(cheaper, agreed.nonce);
    await channel.send({ type: "posted", jobId: agreed.jobId, tx: hash });
    await expect(until(channel, "ended")).rejects.toMatchObject({ code: "JOB_NOT_POSTED" });
  });

  it("someone else's job: neither cancelled nor resumed by a stranger", async () => {
    const { offer, jobId } = await requestor.makeOffer();
    const channel = await requestor.openJob();
    await channel.send(offer);
    await until(channel, "accepted");
    const stranger = await openRequestor(rig.devnet.url, { funded: false });
    await stranger.dial();
    const theirs = await stranger.openJob();
    await theirs.send({ type: "cancel", jobId });
    expectRefusal(await theirs.next(), "JOB_UNKNOWN");
    const another = await stranger.openJob();
    await another.send({ type: "resume", jobId, signature: await stranger.account.signJobId(jobId) });
    expectRefusal(await another.next(), "MALFORMED_MESSAGE");
    expect((await whenJob(rig, jobId, () => true)).state).toBe("offered");
    await stranger.close();
  });

  it("an offer meant for another provider", async () => {
    expectRefusal(await refusalOf((await requestor.makeOffer({ provider: address.parse(`0x${"55".repeat(20)}`) })).offer), "MALFORMED_MESSAGE");
  });

  it("offers that nobody posts: so many of one requestor, and the node takes and finishes the jobs of the others", { timeout: 60_000 }, async () => {
    const channel = await requestor.openJob();
    for (let offers = 0; offers < 8; offers += 1) {
      await channel.send((await requestor.makeOffer()).offer);
      await until(channel, "accepted");
    }
    await channel.send((await requestor.makeOffer()).offer);
    expectRefusal(await channel.next(), "RATE_LIMITED");
    expect((await whenSlice(rig.provider.operator.node.status, () => true, 5000)).accepting).toBe(true);
    const { jobId } = await rig.devnet.control.demonstrate({});
    await whenJob(rig, jobId, (job) => job.state === "paid");
  });

  it("an offer that wants to wait for its escrow for longer than a node waits", async () => {
    expectRefusal(await refusalOf((await requestor.makeOffer({ acceptInSeconds: 300 })).offer), "INPUT_INVALID");
  });

  it("after all that the node still takes and finishes a job", { timeout: 60_000 }, async () => {
    const { jobId } = await rig.devnet.control.demonstrate({});
    await whenJob(rig, jobId, (job) => job.state === "paid");
  });
});

describe("what breaks in the middle", () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()), 90_000);
  afterAll(() => rig.close());

  it.each(["executor", "prover", "signer", "network"] as const)(
    "the %s process is killed: it comes back and the job is paid",
    { timeout: 90_000 },
    async (name) => {
      await whenListed(rig);
      const pidOf = async (): Promise<number> =>
        (await whenSlice(rig.provider.operator.node.status, () => true, 5000)).processes.find((view) => view.name === name)?.pid ?? 0;
      const { jobId } = await rig.devnet.control.demonstrate({});
      await whenJob(rig, jobId, (job) => ["accepting", "accepted", "executed", "proven"].includes(job.state));
      let pid = 0;
      for (let tries = 0; tries < 100 && pid === 0; tries += 1) {
        pid = await pidOf();
        if (pid === 0) await sleep(20);
      }
      expect(pid).toBeGreaterThan(0);
      process.kill(pid, "SIGKILL");
      const job = await whenJob(rig, jobId, (view) => view.state === "paid", 60_000);
      expect(job.events.filter((event) => event.state === "paid")).toHaveLength(1);
      expect(alive(pid)).toBe(false);
    },
  );

  it("the chain is unreachable: the node says so, waits, and the job is paid once it is back", { timeout: 120_000 }, async () => {
    await whenListed(rig);
    const { jobId } = await rig.devnet.control.demonstrate({});
    await whenJob(rig, jobId, (job) => ["accepted", "executed", "proven"].includes(job.state));
    await rig.killDevnet();
    const status = await whenSlice(rig.provider.operator.node.status, (value) => !value.accepting, 20_000);
    expect(status.reason?.code).toBe("CHAIN_UNREACHABLE");
    expect(status.chain.reachable).toBe(false);
    const stuck = await whenJob(rig, jobId, () => true);
    expect(["accepted", "executed", "proven", "submitting", "verified", "settling", "paid"]).toContain(stuck.state);
    await rig.restartDevnet();
    await whenJob(rig, jobId, (job) => job.state === "paid", 60_000);
  });
});

/** Whether a small file system of its own can be mounted here: root on Linux, and not forbidden by a container. */
const mayMount = ((): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), "zpu-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir]).status === 0;
  if (mounted) spawnSync("umount", [dir]);
  rmSync(dir, { recursive: true });
  return mounted;
})();

describe.skipIf(!mayMount)("the disk is full", () => {
  let rig: Rig;
  const mount = (dir: string): void => {
    mkdirSync(dir, { recursive: true });
    const done = spawnSync("mount", ["-t", "tmpfs", "-o", "size=320m,mode=0700", "tmpfs", dir]);
    if (done.status !== 0) throw new Error(`mount: ${done.stderr.toString()}`);
  };
  beforeAll(async () => void (rig = await openRig({ beforeProvider: mount, afterClose: (dir) => void spawnSync("umount", [dir]) })), 90_000);
  afterAll(() => rig.close());

  it("no new job is taken, the one on its way is kept, and all goes on once there is room", { timeout: 120_000 }, async () => {
    const { jobId } = await rig.devnet.control.demonstrate({});
    await whenJob(rig, jobId, (job) => ["accepted", "executed"].includes(job.state));
    const ballast = join(providerDir(rig), "ballast");
    const filled = spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=1M", "count=400"]);
    expect(filled.stderr.toString()).toContain("No space left");
    const status = await whenSlice(rig.provider.operator.node.status, (value) => !value.accepting, 20_000);
    expect(status.reason?.code).toBe("DISK_FULL");
    const requestor = await openRequestor(rig.devnet.url);
    await requestor.dial();
    const channel = await requestor.openJob();
    await channel.send((await requestor.makeOffer()).offer);
    expectRefusal(await channel.next(), "DISK_FULL");
    await requestor.close();
    const kept = await whenJob(rig, jobId, () => true);
    expect(kept.state).not.toBe("failed");
    rmSync(ballast);
    writeFileSync(join(providerDir(rig), "room"), "");
    await whenJob(rig, jobId, (job) => job.state === "paid", 60_000);
    await whenSlice(rig.provider.operator.node.status, (value) => value.accepting, 20_000);
  });
});
