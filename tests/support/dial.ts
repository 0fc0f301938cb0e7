/** tests/control/dial.c: an ordinary TCP client that tells how its connect went. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "./process.ts";
import { shimEnv } from "./shim.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

export const MODES = ["blocking", "nonblocking"] as const;
export type DialMode = typeof MODES[number];

/** The facts that are "yes" for every connect, failed or not. */
export const UNCHANGED = ["the same flags", "no descriptor leaked", "epoll still knows it"];

let built: Promise<string> | undefined;

async function build(): Promise<string> {
  const directory = join(ROOT, "build", "control");
  await Deno.mkdir(directory, { recursive: true });
  // Test files that run side by side are one process: each builds a file of its own.
  const binary = join(directory, `dial.${crypto.randomUUID()}`);
  const source = join(ROOT, "tests", "control", "dial.c");
  const { code, stderr } = await run(["cc", ...FLAGS, "-o", binary, source]);
  if (code !== 0) throw new Error(`cc dial.c failed:\n${stderr}`);
  await Deno.rename(binary, join(directory, "dial"));
  return join(directory, "dial");
}

export interface DialOptions {
  /** What it connects to, and with the same descriptor next when that failed. */
  ports: number[];
  address?: string;
  settings?: Record<string, string>;
}

/**
 * Runs the client under the shim.
 *
 * @param mode Of its descriptor.
 * @param dir Its UNSOCK_DIR.
 * @param options What to connect to.
 * @returns What it printed: values by name.
 * @throws {Error} when it ends with another status than 0.
 */
export async function dial(mode: DialMode, dir: string, options: DialOptions): Promise<Map<string, string>> {
  const { ports, address = "127.0.0.1", settings = {} } = options;
  built ??= build();
  const command = [await built, mode, address, ...ports.map(String)];
  const { code, signal, stdout, stderr } = await run(command, { env: shimEnv(dir, settings) });
  if (code !== 0) throw new Error(`dial ended with ${signal ?? code}: ${stderr}${stdout}`);
  return new Map(
    stdout.trimEnd().split("\n").map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2)];
    }),
  );
}
