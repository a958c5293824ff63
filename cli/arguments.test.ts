/** Every command as the documents write it, and every way of getting it wrong. */
import { tokensToWei } from "@zpu/protocol/money";
import { describe, expect, it } from "vitest";
import { parseCommand } from "./arguments.ts";

const parse = (line: string) => parseCommand(line.split(" ").filter((word) => word !== ""));

describe("parseCommand", () => {
  it.each([
    ["--register-node --stake 1000NZIDIA", { name: "register", stakeWei: tokensToWei(1000), json: false }],
    ["--stake 1000NZIDIA --register-node --json", { name: "register", stakeWei: tokensToWei(1000), json: true }],
    ["register --stake 2500.5 --data /tmp/x", { name: "register", stakeWei: tokensToWei("2500.5"), dataDir: "/tmp/x" }],
    ["start", { name: "start", openBrowser: true, port: undefined, json: false }],
    ["start --devnet http://127.0.0.1:7788 --data d --json --no-browser --port 7780", { name: "start", openBrowser: false, port: 7780, json: true }],
    ["start --listen /ip4/0.0.0.0/tcp/4001 --listen /ip6/::/tcp/4001", { listen: ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"] }],
    ["start --price 0.5 --max-open-jobs 3 --min-free-disk 0", { priceWei: tokensToWei("0.5"), maxOpenJobs: 3, minFreeDiskBytes: 0 }],
    ["status --json", { name: "status", json: true }],
    ["--json status", { name: "status", json: true }],
    ["--data d --json jobs --limit 5", { name: "jobs", dataDir: "d", json: true, limit: 5 }],
    ["--port 7780 start", { name: "start", port: 7780 }],
    ["--data=d stop", { name: "stop", dataDir: "d" }],
    ["--stake 5 --data status --register-node", { name: "register", dataDir: "status" }],
    ["jobs", { name: "jobs", limit: 20 }],
    ["jobs --limit=5", { name: "jobs", limit: 5 }],
    ["claim", { name: "claim" }],
    ["ask --image digit.png --label 7", { name: "ask", image: "digit.png", label: 7 }],
    ["stop", { name: "stop" }],
    ["open", { name: "open" }],
    ["help", { name: "help" }],
    ["", { name: "help" }],
    ["start --help", { name: "help" }],
  ])("reads '%s'", (line, expected) => {
    const parsed = parse(line);
    expect(parsed.ok ? parsed.command : parsed).toMatchObject(expected);
  });

  it.each([
    ["dance", "there is no command 'dance'"],
    ["toString", "there is no command 'toString'"],
    ["start --fast", "Unknown option '--fast'"],
    ["status extra", "Unexpected argument 'extra'"],
    ["--json", "there is no command beside '--json'"],
    ["--json dance", "there is no command 'dance'"],
    ["--data status", "there is no command beside '--data status'"],
    ["register", "registering needs --stake"],
    ["--register-node", "registering needs --stake"],
    ["--register-node start --stake 1", "two commands"],
    ["register --stake lots", "takes an amount"],
    ["register --stake -5", "--stake"],
    ["start --port 70000", "from 0 to 65535"],
    ["start --port 1e3", "from 0 to 65535"],
    ["start --devnet ftp://x", "takes a web address"],
    ["start --data=", "--data needs a value"],
    ["jobs --limit 0", "from 1 to 200"],
    ["ask", "asking needs --image"],
    ["ask --image a.png --label 10", "from 0 to 9"],
    ["stop --now", "Unknown option '--now'"],
  ])("refuses '%s'", (line, reason) => {
    const parsed = parse(line);
    expect(parsed.ok ? parsed.command : parsed.reason).toContain(reason);
  });
});
