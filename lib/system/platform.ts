/** Tells whether unsock can work on this system. */
import process from "node:process";

/** Names of systems as users know them, by Node.js's names of the same systems. */
const NAMES: Readonly<Record<string, string>> = {
  android: "Android",
  darwin: "macOS",
  freebsd: "FreeBSD",
  openbsd: "OpenBSD",
  win32: "Windows",
};

/** @returns The reason why no command can work here, or undefined on Linux. */
export function systemProblem(): string | undefined {
  const { platform } = process;
  if (platform === "linux") return undefined;
  const name = NAMES[platform] ?? platform;
  return `unsock needs Linux: this is ${name}; in a container, a VM or WSL 2 it works`;
}
