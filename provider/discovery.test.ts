/** The network's document is remembered for the day its address is silent, and another network is never mistaken for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discover, fetchDiscovery } from "./discovery.ts";

const account = (digit: string): string => `0x${digit.repeat(40)}`;
const document = {
  chainId: 5_918_805,
  rpcUrl: "http://127.0.0.1:1",
  contracts: { token: account("1"), registry: account("2"), jobs: account("3"), verifier: account("4"), treasury: account("5") },
  multiaddrs: ["/ip4/127.0.0.1/tcp/1/p2p/x"],
  devnet: true,
};
let folder: string;
let web: Server;
let body: string;
const url = (): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zpu-discovery-"));
  body = JSON.stringify(document);
  web = createServer((request, response) => response.writeHead(request.url === "/.well-known/zpu.json" ? 200 : 404).end(body));
  await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
});
afterEach(() => {
  web.closeAllConnections();
  web.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("discover", () => {
  it("starts where the document cannot be written down", async () => {
    const nowhere = join(folder, "missing");
    expect(await discover(url(), nowhere)).toMatchObject({ fresh: true, kept: false, document: { chainId: 5_918_805 } });
    expect(await discover(url(), folder)).toMatchObject({ fresh: true, kept: true });
  });

  it("reads, remembers, and goes on from memory while the address is silent", async () => {
    const address = url();
    expect(await discover(address, folder)).toMatchObject({ fresh: true, document: { chainId: 5_918_805 } });
    web.closeAllConnections();
    await new Promise((done) => web.close(done));
    expect(await discover(address, folder)).toMatchObject({ fresh: false, document: { rpcUrl: "http://127.0.0.1:1" } });
    await expect(discover(address, join(folder, "elsewhere"))).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
  });

  it("follows an address that moved, and refuses another network", async () => {
    await discover(url(), folder);
    body = JSON.stringify({ ...document, rpcUrl: "http://127.0.0.1:2" });
    expect((await discover(url(), folder)).document.rpcUrl).toBe("http://127.0.0.1:2");
    body = JSON.stringify({ ...document, contracts: { ...document.contracts, jobs: account("9") } });
    await expect(discover(url(), folder)).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    body = JSON.stringify({ ...document, chainId: 1 });
    await expect(discover(url(), folder)).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
  });

  it.each([
    ["no JSON", "<html>", "CHAIN_UNREACHABLE"],
    ["another document", JSON.stringify({ hello: 1 }), "MALFORMED_MESSAGE"],
    ["an endless one", JSON.stringify({ ...document, more: "x".repeat(70_000) }), "MESSAGE_TOO_LARGE"],
  ])("refuses %s", async (_what, text, code) => {
    body = text;
    await expect(fetchDiscovery(url())).rejects.toMatchObject({ code });
  });
});
