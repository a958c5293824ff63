/** `npm run lint`: eslint with types and Prettier, zero warnings. */
import { runNode } from "./stages.ts";

const [lint, format] = await Promise.all([
  runNode(["node_modules/.bin/eslint", "--max-warnings", "0", "."]),
  runNode(["node_modules/.bin/prettier", "--check", "--log-level", "warn", "."]),
]);
process.exit(lint.code === 0 && format.code === 0 ? 0 : 1);
