/** JSON-RPC over HTTP: single, batch, limits, and nobody but local programs. */
import { request as httpRequest } from "node:http";
import { accountOfKey, newPrivateKey } from "@zpu/contracts/account";
import { DEVNET_CHAIN_ID } from "@zpu/contracts/deployments";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChain, type Chain } from "./chain.ts";
import { serveRpc, type RpcServer } from "./rpc.ts";

let chain: Chain;
let rpc: RpcServer;
beforeAll(async () => {
  chain = await openChain({ chainId: DEVNET_CHAIN_ID, prefunded: [accountOfKey(newPrivateKey())] });
  rpc = await serveRpc(chain, { port: 0 });
});
afterAll(async () => {
  await rpc.close();
  await chain.close();
});

function post(body: string, headers: Record<string, string> = {}, method = "POST"): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(rpc.url, { method, headers: { "content-type": "application/json", ...headers } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
const ask = async (body: unknown): Promise<unknown> => JSON.parse((await post(JSON.stringify(body))).text);

describe("JSON-RPC on loopback", () => {
  it("answers one call and a batch, in order", async () => {
    expect(await ask({ jsonrpc: "2.0", id: 7, method: "eth_chainId" })).toEqual({ jsonrpc: "2.0", id: 7, result: "0x5a5055" });
    const batch = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "eth_blockNumber", params: [] }));
    expect(await ask(batch)).toEqual([1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, result: "0x0" })));
  });

  it("refuses methods that would change the chain behind its journal, in or out of a batch", async () => {
    for (const method of ["evm_increaseTime", "evm_mine", "hardhat_setBalance", "eth_sendTransaction", "evm_snapshot"]) {
      expect(await ask([{ jsonrpc: "2.0", id: 1, method, params: [5] }])).toMatchObject([{ error: { code: -32601 } }]);
    }
  });

  it.each([
    ["a page of another site", { origin: "https://example.org" }, 403],
    ["a name that points to loopback", { host: "evil.example:80" }, 403],
    ["a form post", { "content-type": "text/plain" }, 415],
  ])("refuses %s", async (_, headers, status) => {
    expect((await post('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}', headers)).status).toBe(status);
  });

  it("refuses GET, oversized bodies, broken JSON and oversized batches", async () => {
    expect((await post("", {}, "GET")).status).toBe(405);
    expect((await post(" ".repeat(1024 * 1024 + 1)).catch(() => ({ status: 413 }))).status).toBe(413);
    expect(JSON.parse((await post("{")).text)).toMatchObject({ error: { code: -32700 } });
    expect(await ask([])).toMatchObject({ error: { code: -32600 } });
    expect(await ask(Array.from({ length: 101 }, () => ({})))).toMatchObject({ error: { code: -32600 } });
    expect(await ask({ id: 1 })).toMatchObject({ error: { code: -32600 } });
  });
});
