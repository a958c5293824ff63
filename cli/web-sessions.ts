/** Who may use the pages: a token is spent once for a session; only digests are kept, so the file gives nobody access. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Ports } from "@zpu/provider/ports";
import { z } from "zod";

const MAX_TOKENS = 32;
const MAX_SESSIONS = 64;
const TTL_MS = 30 * 24 * 3600 * 1000;
const stored = z.array(z.object({ digest: z.string().length(64), untilMs: z.number() })).max(MAX_SESSIONS);

export interface Sessions {
  /** A new token; unspent ones beyond 32 are forgotten, oldest first. */
  token(): string;
  /** A session for an unspent token, undefined for any other. */
  spend(token: string): string | undefined;
  knows(session: string | undefined): boolean;
}

const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** The sessions in the file at `path` (0600), so that a browser stays signed in over a restart. */
export function openSessions(path: string, now: () => number, log: Ports["log"] = () => undefined): Sessions {
  const tokens = new Set<string>();
  let sessions = read(path).filter(({ untilMs }) => untilMs > now());
  return {
    token() {
      const token = randomBytes(24).toString("base64url");
      tokens.add(digestOf(token));
      for (const oldest of tokens) {
        if (tokens.size <= MAX_TOKENS) break;
        tokens.delete(oldest);
      }
      return token;
    },
    spend(token) {
      if (!tokens.delete(digestOf(token))) return undefined;
      const session = randomBytes(32).toString("base64url");
      sessions = [...sessions, { digest: digestOf(session), untilMs: now() + TTL_MS }].slice(-MAX_SESSIONS);
      try {
        writeFileSync(`${path}.new`, JSON.stringify(sessions), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      } catch (error) {
        // The page opens all the same, on a full disk too; only the next run of the node will not know it.
        log("warn", "this browser has to sign in anew after a restart", { detail: error instanceof Error ? error.message : String(error) });
      }
      return session;
    },
    knows(session) {
      if (session === undefined || session.length > 100) return false;
      const digest = digestOf(session);
      return sessions.some((known) => known.digest === digest && known.untilMs > now());
    },
  };
}

function read(path: string): z.infer<typeof stored> {
  try {
    return stored.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return []; // none yet, or not ours: every browser signs in anew
  }
}
