/** Settings are refused at the border, by name, before anything runs on them. */
import { expect, it } from "vitest";
import { parseConfig } from "./config.ts";

const config = (listen: string[]) => parseConfig({ dataDir: "/tmp/x", devnetUrl: "http://127.0.0.1:7788", listen });

it.each([
  "/ip4/127.0.0.1/tcp/0",
  "/ip4/0.0.0.0/tcp/65535",
  "/ip6/::/tcp/4001",
  "/ip6/fe80::1/tcp/1",
  "/dns/rig-1.example.org/tcp/4001",
  "/dns4/localhost/tcp/7",
])("listens on %s", (place) => expect(config([place]).listen).toEqual([place]));

it.each([
  "",
  "4001",
  "127.0.0.1:4001",
  "/ip4/127.0.0.1",
  "/ip4/127.0.0.1/tcp",
  "/ip4/127.0.0.1/tcp/65536",
  "/ip4/127.0.0.1/tcp/-1",
  "/ip4/127.0.0.256/tcp/1",
  "/ip4/::1/tcp/1",
  "/ip6/127.0.0.1/tcp/1",
  "/dns/-bad-/tcp/1",
  "/dns/a b/tcp/1",
  "/ip4/127.0.0.1/udp/1",
  "/ip4/127.0.0.1/tcp/1/ws",
  "ip4/127.0.0.1/tcp/1",
])("refuses to listen on '%s'", (place) => {
  expect(() => config(["/ip4/127.0.0.1/tcp/0", place])).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", facts: expect.objectContaining({ name: "listen.1" }) as object }) as Error,
  );
});
