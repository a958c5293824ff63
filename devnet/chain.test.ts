/** The embedded chain: replay to the identical block, reverts as clients expect them, nothing acknowledged is lost to kill -9. */
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountOn, newPrivateKey, accountOfKey } from "@zpu/contracts/account";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { afterEach, describe, expect, it } from "vitest";
import { openChain, RpcError, type Chain, type ChainOptions } from "./chain.ts";

const key = newPrivateKey();
const account = accountOfKey(key);
/** Deploys a contract that always reverts with the four bytes deadbeef. */
const REVERTER = "0x6010" + "80600b6000396000f3" + "63deadbeef60e01b60005260046000fd";
const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "zpu-chain-"));
  folders.push(made);
  return made;
};
const open = (dataDir: string, extra: Partial<ChainOptions> = {}): Promise<Chain> =>
  openChain({ chainId: DEVNET_CHAIN_ID, dataDir, prefunded: [account], ...extra });

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

async function pay(chain: Chain, count: number): Promise<string[]> {
  const wallet = accountOn(chain, DEVNET_CHAIN_ID, key);
  const hashes: string[] = [];
  for (let index = 0; index < count; index += 1)
    hashes.push((await wallet.sendTransaction({ to: "0x00000000000000000000000000000000000000aa", value: 1n })).hash);
  wallet.provider?.destroy();
  return hashes;
}

describe("the embedded chain", () => {
  it("continues the same chain after a restart, whatever was read in between", async () => {
    const dir = folder();
    const first = await open(dir);
    await pay(first, 5);
    for (let index = 0; index < 7; index += 1) await first.request({ method: "eth_call", params: [{ to: account }, "latest"] });
    await pay(first, 5);
    const head = await first.head();
    await first.close();
    const second = await open(dir);
    expect(await second.head()).toEqual(head);
    expect(second.replayed.transactions).toBe(10);
    expect(head.number).toBe(10);
    await pay(second, 1);
    expect((await second.head()).number).toBe(11);
    await second.close();
  });

  it("tells how far a replay has come", async () => {
    const dir = folder();
    const first = await open(dir);
    await pay(first, 6);
    await first.close();
    const told: (readonly [done: number, total: number])[] = [];
    await (await open(dir, { onReplay: (done, total) => told.push([done, total]), replayPaceMs: 0 })).close();
    expect(told).toEqual([1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
  });

  it("follows the wall clock and never goes back", async () => {
    const dir = folder();
    let ms = 1_800_000_000_000;
    const chain = await open(dir, { now: () => ms });
    const time = async (tag: string): Promise<number> =>
      Number(((await chain.request({ method: "eth_getBlockByNumber", params: [tag, false] })) as { timestamp: string }).timestamp);
    ms += 100_000;
    await pay(chain, 3);
    expect(await time("latest")).toBe(1_800_000_100);
    ms -= 50_000;
    await pay(chain, 1);
    expect(await time("latest")).toBe(1_800_000_100);
    ms += 3_600_000;
    // TIMESTAMP; MSTORE; RETURN: a call on a quiet chain runs at the present, not at the time of the last block.
    const code = "0x4260005260206000f3";
    expect(Number(await chain.request({ method: "eth_call", params: [{ data: code }, "latest"] }))).toBe(1_800_003_650);
    chain.advanceTime(60);
    expect(Number(await chain.request({ method: "eth_call", params: [{ data: code }] }))).toBe(1_800_003_710);
    await pay(chain, 1);
    expect(await time("latest")).toBe(1_800_003_710);
    await chain.close();
    const again = await open(dir, { now: () => ms });
    expect((await again.head()).number).toBe(5);
    await again.close();
  });

  it("gives ethers the revert data of a call, an estimate and a mined transaction", async () => {
    const chain = await openChain({ chainId: DEVNET_CHAIN_ID, prefunded: [account] });
    const wallet = accountOn(chain, DEVNET_CHAIN_ID, key);
    const to = (await (await wallet.sendTransaction({ data: REVERTER })).wait())?.contractAddress ?? "";
    await expect(wallet.call({ to })).rejects.toMatchObject({ code: "CALL_EXCEPTION", data: "0xdeadbeef" });
    await expect(wallet.estimateGas({ to })).rejects.toMatchObject({ code: "CALL_EXCEPTION", data: "0xdeadbeef" });
    const sent = await wallet.sendTransaction({ to, gasLimit: 100_000n });
    await expect(sent.wait()).rejects.toMatchObject({ code: "CALL_EXCEPTION", receipt: { status: 0 } });
    wallet.provider?.destroy();
    await chain.close();
  });

  it("knows a transaction it has, refuses what bypasses the journal, and a key that is not there", async () => {
    const chain = await openChain({ chainId: DEVNET_CHAIN_ID, prefunded: [account] });
    const wallet = accountOn(chain, DEVNET_CHAIN_ID, key);
    const raw = await wallet.signTransaction(await wallet.populateTransaction({ to: account, value: 1n }));
    await chain.request({ method: "eth_sendRawTransaction", params: [raw] });
    await expect(chain.request({ method: "eth_sendRawTransaction", params: [raw] })).rejects.toThrow("already known");
    for (const method of ["evm_mine", "hardhat_setBalance", "eth_sendTransaction", "evm_revert", "debug_traceCall", "eth_newFilter"]) {
      await expect(chain.request({ method, params: [] })).rejects.toMatchObject({ code: -32601 });
    }
    await expect(chain.request({ method: "eth_sendRawTransaction", params: ["0x00"] })).rejects.toBeInstanceOf(RpcError);
    wallet.provider?.destroy();
    await chain.close();
  });

  it("drops a last line that was cut off, and refuses a journal that was changed", async () => {
    const dir = folder();
    const chain = await open(dir);
    await pay(chain, 3);
    const head = await chain.head();
    await chain.close();
    const path = join(dir, "chain.journal");
    appendFileSync(path, '{"raw":"0x02f8');
    const again = await open(dir);
    expect(await again.head()).toEqual(head);
    await pay(again, 1);
    await again.close();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    writeFileSync(
      path,
      `${[lines[0], (lines[1] ?? "").replace(/"timestamp":(\d+)/, (_, at: string) => `"timestamp":${Number(at) + 1}`), lines[2]].join("\n")}\n`,
    );
    await expect(open(dir)).rejects.toThrow(/damaged/);
  });
});

const WRITER = `
import { accountOn } from "@zpu/contracts/account";
import { openChain } from "./chain.ts";
const [dir, key, account] = process.argv.slice(2);
const chain = await openChain({ chainId: ${DEVNET_CHAIN_ID}n, dataDir: dir, prefunded: [account] });
const wallet = accountOn(chain, ${DEVNET_CHAIN_ID}n, key);
for (;;) { const sent = await wallet.sendTransaction({ to: account, value: 1n }); process.stdout.write(sent.hash + "\\n"); }
`;

describe("kill -9 of the chain's process", () => {
  it("loses no acknowledged transaction", { timeout: 60_000 }, async () => {
    const dir = folder();
    const script = join(import.meta.dirname, `.writer-${process.pid}.test-entry.ts`);
    writeFileSync(script, WRITER);
    const acknowledged: string[] = [];
    try {
      for (let round = 0; round < 5; round += 1) {
        const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, dir, key, account], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const gone = new Promise((resolve) => child.once("exit", resolve));
        let seen = 0;
        const until = 3 + Math.floor(Math.random() * 20);
        if (child.stdout === null) throw new Error("no output");
        for await (const line of createInterface({ input: child.stdout })) {
          if (line.length === 66) acknowledged.push(line);
          seen += 1;
          if (seen === until) setTimeout(() => child.kill("SIGKILL"), Math.random() * 5);
        }
        await gone;
      }
    } finally {
      rmSync(script, { force: true });
    }
    const chain = await open(dir);
    expect(acknowledged.length).toBeGreaterThan(14);
    for (const hash of acknowledged) expect(await chain.request({ method: "eth_getTransactionReceipt", params: [hash] }), hash).not.toBeNull();
    expect((await chain.head()).number).toBeGreaterThanOrEqual(acknowledged.length);
    await chain.close();
  });
});
