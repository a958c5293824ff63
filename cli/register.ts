/** `zpu-node --register-node --stake 1000NZIDIA`: registers the node; repeating it changes nothing. */
import { connect } from "@zpu/ipc/rpc/connect";
import { ZpuError } from "@zpu/protocol/errors";
import { TOKEN_SYMBOL, weiToTokens } from "@zpu/protocol/money";
import { parseConfig } from "@zpu/provider/config";
import { registerNode } from "@zpu/provider/registration";
import type { Command } from "./arguments.ts";
import { firstOf } from "./commands.ts";
import { local } from "./local-contract.ts";
import { lockDataDir } from "./lock.ts";
import { jsonText, say } from "./output.ts";
import { dataDirOf, DEFAULT_DEVNET_URL } from "./paths.ts";
import { createSpawner } from "./ports/spawner.ts";
import { dialLocal } from "./socket.ts";

const SENTENCES = {
  registered: "registered with a stake of",
  raised: "stake raised to",
  kept: "already registered with a stake of",
} as const;

/** A node that runs already may be registered well enough; otherwise ALREADY_RUNNING stands. */
async function askRunning(dataDir: string, stakeWei: bigint, refusal: unknown): Promise<{ change: "kept"; stakeWei: bigint; provider: string }> {
  const pipe = await dialLocal(dataDir).catch(() => {
    throw refusal;
  });
  try {
    const status = await firstOf(connect(local, pipe).node.status);
    if (!status.registered || status.stakeWei < stakeWei) throw refusal;
    return { change: "kept", stakeWei: status.stakeWei, provider: status.provider };
  } finally {
    pipe.close();
  }
}

/** Registers and says what changed. */
export async function register(command: Extract<Command, { name: "register" }>): Promise<void> {
  const config = parseConfig({ dataDir: dataDirOf(command.dataDir), devnetUrl: command.devnetUrl ?? DEFAULT_DEVNET_URL });
  const tell = ({ provider, change, stakeWei, tx }: { provider: string; change: keyof typeof SENTENCES; stakeWei: bigint; tx?: string }): void =>
    say(
      command.json
        ? jsonText({ provider, change, stakeWei, ...(tx === undefined ? {} : { tx }) })
        : `provider ${provider} ${SENTENCES[change]} ${weiToTokens(stakeWei)} ${TOKEN_SYMBOL}${tx === undefined ? "" : `  tx ${tx}`}`,
    );
  let lock: { release(): void };
  try {
    lock = lockDataDir(config.dataDir);
  } catch (error) {
    if (!(error instanceof ZpuError) || error.code !== "ALREADY_RUNNING") throw error;
    tell(await askRunning(config.dataDir, command.stakeWei, error));
    return;
  }
  try {
    const log = (level: string, message: string): void => {
      if (level !== "info") process.stderr.write(`${level}: ${message}\n`);
    };
    tell(await registerNode(config, command.stakeWei, { spawner: createSpawner(), now: Date.now, log }));
  } finally {
    lock.release();
  }
}
