/** What the tests need from the operating system: Chromium, a sandbox tool; installed as root on Debian, named otherwise. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PACKAGES: Readonly<Record<string, string>> = { chromium: "/usr/bin/chromium" };

/** Names of missing Debian packages, after trying to install them where that is allowed (`ZPU_NO_APT=1` declines). */
export function ensureSystemPackages(): string[] {
  const missing = (): string[] =>
    Object.entries(PACKAGES)
      .filter(([, path]) => !existsSync(path))
      .map(([name]) => name);
  const wanted = missing();
  if (wanted.length === 0) return [];
  const line = `apt-get install -y --no-install-recommends ${wanted.join(" ")}`;
  const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version") && process.env.ZPU_NO_APT !== "1";
  if (!mayInstall) {
    console.log(`The page tests need Debian packages that are not here. To run them: sudo ${line}`);
    return wanted;
  }
  console.log(`Installing what the page tests need: ${line}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = (): boolean =>
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...wanted], { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
  if (!install()) {
    spawnSync("apt-get", ["update"], { stdio: ["ignore", "ignore", "inherit"], env });
    install();
  }
  return missing();
}
