/** Test only: settlement in a process of its own, with the signer in another, both to be killed. Says ready, accepts the jobs it is given, says how that ended. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { connect } from "@zpu/ipc/rpc/connect";
import { decodeText } from "@zpu/ipc/rpc/wire";
import { contractAddresses, signer as signerContract } from "@zpu/ipc/workers/signer";
import { jobId as jobIdSchema } from "@zpu/protocol/ids";
import { openChain } from "@zpu/provider/settlement/chain";
import { chainAnchor, createSettlement } from "@zpu/provider/settlement/settlement";
import { z } from "zod";

const given = z
  .object({
    keyFile: z.string(),
    protectionFile: z.string(),
    database: z.string(),
    rpcUrl: z.string(),
    contracts: contractAddresses,
    jobs: z.array(jobIdSchema),
  })
  .parse(decodeText(process.argv[2] ?? ""));

const entry = fileURLToPath(import.meta.resolve("@zpu/provider/wallet/signer-process"));
const child = fork(entry, {
  serialization: "advanced",
  stdio: ["ignore", "inherit", "inherit", "ipc"],
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
const client = connect(
  signerContract,
  {
    post: (message) => void child.send(message as object),
    onMessage: (listener) => void child.on("message", listener),
    onClose: (listener) => void child.on("exit", listener),
    close: () => void child.kill(),
  },
  "SIGNER_DIED",
);
const roles = await client.unlock({ keyFile: given.keyFile, protectionFile: given.protectionFile, contracts: given.contracts });
const db = new DatabaseSync(given.database);
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;");
const log = (): void => undefined;
const chain = openChain({ rpcUrl: given.rpcUrl, contracts: given.contracts, log, anchor: chainAnchor(db) });
const settlement = createSettlement({ db, chain, signer: client, roles, log, now: Date.now });
await settlement.start();
process.stdout.write("ready\n");
const outcomes = await Promise.all(given.jobs.map((jobId) => settlement.submit(`accept:${jobId}`, { type: "accept", jobId })));
await settlement.stop();
child.kill();
process.stdout.write(`${JSON.stringify(outcomes.map(({ status, hash }) => ({ status, hash })))}\n`);
