/** What the client makes of a web address that lies, stalls or says too much. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchJson, loadDocument, loadProviders, resolveModel } from "./discovery.ts";
import { discoveryDocument } from "@zpu/protocol/discovery";
import type { ZpuError } from "@zpu/protocol/errors";
import { ZPUClient } from "./client.ts";
import { z } from "zod";

const ANSWERS: Record<string, { status?: number; body: string; headers?: Record<string, string> }> = {
  "/garbage/.well-known/zpu.json": { body: "<html>" },
  "/misfit/.well-known/zpu.json": { body: JSON.stringify({ chainId: -1 }) },
  "/problem/providers": { status: 429, body: JSON.stringify({ code: "RATE_LIMITED", facts: { retryMs: 7 }, title: "x" }) },
  "/broken/providers": { status: 500, body: JSON.stringify({ oh: "no" }) },
  "/away/providers": { status: 302, body: "{}", headers: { location: "http://127.0.0.1:1/" } },
  "/huge/providers": { body: JSON.stringify({ providers: [], pad: "x".repeat(5 * 1024 * 1024) }) },
};
let server: Server;
let url = "";
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = ANSWERS[request.url ?? ""];
    if (answer) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); }); // prettier-ignore
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("each is a code of its own", async () => {
  await expect(loadDocument(`${url}/garbage`)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" });
  await expect(loadDocument(`${url}/misfit`)).rejects.toMatchObject({ code: "MALFORMED_MESSAGE" });
  await expect(loadProviders(`${url}/problem`)).rejects.toMatchObject({ code: "RATE_LIMITED", facts: { retryMs: 7 } });
  await expect(loadProviders(`${url}/broken`)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" });
  await expect(loadProviders(`${url}/away`)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" }); // redirects are not followed
  await expect(loadProviders(`${url}/huge`)).rejects.toMatchObject({ code: "GATEWAY_UNREACHABLE" });
  const aborting = new AbortController();
  const stalled = fetchJson(`${url}/stalls`, z.object({}), { signal: aborting.signal });
  setTimeout(() => { aborting.abort(); }, 20); // prettier-ignore
  await expect(stalled).rejects.toMatchObject({ code: "CANCELLED" });
});

test("a gateway that is gone is named by its address, with what to do", async () => {
  const gone = await loadDocument("http://127.0.0.1:1").catch((error: unknown) => error);
  expect(gone).toMatchObject({ code: "GATEWAY_UNREACHABLE", facts: { url: "http://127.0.0.1:1/.well-known/zpu.json" } });
  expect((gone as ZpuError).message).not.toContain("provider");
  expect((gone as ZpuError).remedy).toContain("npm start");
});

test.each(["", "127.0.0.1:7788", "ftp://127.0.0.1", "nonsense"])("a client is not made of %j, which is no web address", (address) => {
  expect(() => new ZPUClient(address)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }) as Error);
});

test("a model is known by name or id; a name that the network does not list is not guessed", () => {
  const address = `0x${"01".repeat(20)}`;
  const id = `0x${"aa".repeat(32)}`;
  const document = discoveryDocument.parse({
    chainId: 1,
    rpcUrl: "http://127.0.0.1:1",
    contracts: { token: address, registry: address, jobs: address, verifier: address, treasury: address },
    multiaddrs: [],
    models: [{ name: "digits-mlp", modelId: id }],
  });
  expect(resolveModel(document, "digits-mlp")).toBe(id);
  expect(resolveModel(document, id)).toBe(id);
  expect(() => resolveModel(document, "other")).toThrow(
    expect.objectContaining({ code: "UNKNOWN_MODEL", facts: { model: "other", available: "digits-mlp" } }) as Error,
  );
});
