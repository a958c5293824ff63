/** Floods of broken messages on every protocol: memory stays flat, nothing invalid gets through, honest peers are served, the flooder is cut off. */
import { randomBytes } from "node:crypto";
import { encodeFrame } from "@zpu/protocol/frames";
import { hello, helloReply, jobReply, jobRequest, PROTOCOLS, receiptMessage, receiptReply } from "@zpu/protocol/messages";
import { afterEach, expect, test } from "vitest";
import { accepted, bytesInUse, frameOf, helloOf, offer, receiptOf, say, start, startRogue, stopAll } from "./fixture.ts";

/** Messages per protocol. */
const COUNT = process.env.ZPU_SOAK === "1" ? 100_000 : 1000;
const SEED = Number(process.env.ZPU_SEED ?? Date.now() % 2 ** 31);
const ANY = { perSecond: 1e9, burst: 1e9 };

afterEach(stopAll);

/** Repeatable numbers below `most` (mulberry32). */
const generator = (seed: number): ((most: number) => number) => {
  let state = seed | 0;
  return (most) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  };
};

/** A broken form of a valid frame: noise, flipped bytes, a cut, a lie about the length, or a valid body followed by noise. */
function mutant(valid: Uint8Array, below: (most: number) => number): Uint8Array {
  const frame = Uint8Array.from(valid);
  const kind = below(6);
  if (kind === 0) return frameOf(Uint8Array.from({ length: 1 + below(300) }, () => below(256)));
  if (kind === 1) return new Uint8Array([255, below(256), below(256), below(256)]);
  if (kind === 2) return frameOf(frame.subarray(4, 5 + below(frame.length - 5)));
  if (kind === 3) return frameOf(Uint8Array.from([...frame.subarray(4), ...Array.from({ length: 1 + below(20) }, () => below(256))]));
  const flips = kind === 4 ? 1 : 1 + below(20);
  for (let flip = 0; flip < flips; flip += 1) {
    const at = 4 + below(frame.length - 4);
    frame[at] = (frame[at] ?? 0) ^ (1 + below(255));
  }
  return frame;
}

test.each(["hello", "job", "receipt"] as const)(
  `${COUNT} broken messages on %s (seed ${SEED})`,
  { timeout: 60_000 + COUNT * 10 },
  async (protocol) => {
    const limits = { violations: ANY, hello: ANY, helloTotal: ANY, receipts: ANY, receiptsTotal: ANY, jobMessages: ANY, jobMessagesTotal: ANY };
    const node = await start(true, { ...limits, handshakeMs: 500, firstMessageMs: 1000, frameMs: 1000 });
    const [rogue, honest] = [await startRogue(), await start(false)];
    let invalid = 0;
    const check = (schema: typeof hello | typeof jobRequest | typeof receiptMessage, message: unknown): void => {
      if (!schema.safeParse(message).success) invalid += 1;
    };
    node.onHello((message) => {
      check(hello, message);
      return helloOf("gateway");
    });
    node.onReceipt((message) => {
      check(receiptMessage, message);
      return { type: "stored", jobId: message.signed.receipt.jobId };
    });
    node.onJob(async (channel) => {
      for await (const request of channel) {
        check(jobRequest, request);
        await channel.send(accepted());
        await channel.close();
      }
    });
    const valid = {
      hello: encodeFrame(helloOf("requestor"), PROTOCOLS.hello.maxFrameBytes),
      job: encodeFrame(offer(200), PROTOCOLS.job.maxFrameBytes),
      receipt: encodeFrame(receiptOf(), PROTOCOLS.receipt.maxFrameBytes),
    }[protocol];
    const schema = { hello: helloReply, job: jobReply, receipt: receiptReply }[protocol];
    const below = generator(SEED);
    let answers = 0;
    const flood = async (count: number): Promise<void> => {
      const each = async (): Promise<void> => {
        for (let at = 0; at < count / 4; at += 1) {
          const heard = await say(rogue, node, protocol, mutant(valid, below), schema);
          answers += heard.length;
        }
      };
      await Promise.all([each(), each(), each(), each()]);
    };
    await flood(400);
    await new Promise((resolve) => setTimeout(resolve, 600)); // negotiations hold a little until their time is over
    const before = await bytesInUse();
    await flood(COUNT);
    await expect.poll(async () => (await bytesInUse()) - before, { timeout: 10_000 }).toBeLessThan(4 * 2 ** 20);
    expect(invalid).toBe(0);
    expect(answers).toBeGreaterThanOrEqual(COUNT);

    const peer = await honest.dial(node.multiaddrs());
    expect((await honest.sayHello(peer, helloOf("requestor"))).role).toBe("gateway");
    const channel = await honest.openJob(peer);
    await channel.send(offer());
    expect(await channel.next()).toEqual(accepted());
    expect(await honest.sendReceipt(peer, receiptOf())).toMatchObject({ type: "stored" });
  },
);

test("who goes on breaking the rules is disconnected", async () => {
  const [node, rogue] = [await start(true, { violations: { perSecond: 0.01, burst: 5 } }), await startRogue()];
  node.onJob(async (channel) => {
    for await (const request of channel) void request;
  });
  const cut = new Promise<void>((resolve) => { rogue.addEventListener("peer:disconnect", () => { resolve(); }); }); // prettier-ignore
  for (let at = 0; at < 6; at += 1) await say(rogue, node, "job", frameOf(randomBytes(1).fill(0xff)), jobReply).catch(() => undefined);
  await cut;
});
