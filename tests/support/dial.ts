/** Builds tests/control/dial.c, an ordinary TCP client that prints the result of its connect. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "./process.ts";
import { shimEnv, shimLibrary } from "./shim.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

/** How its descriptor is, and by which door the library reaches it. */
export const MODES = ["blocking", "nonblocking", "blocking, static", "nonblocking, static"] as const;
export type DialMode = typeof MODES[number];

/** The facts that are "yes" for every connect, failed or not. */
export const UNCHANGED = ["the same flags", "no descriptor leaked", "epoll still knows it"];

const built = new Map<string, Promise<string>>();

/** @param name `dial`, or `dial-static`. */
async function build(name: string, flags: readonly string[]): Promise<string> {
  const directory = join(ROOT, "build", "control");
  await Deno.mkdir(directory, { recursive: true });
  // Test files that run side by side are one process: each builds a file of its own.
  const binary = join(directory, `${name}.${crypto.randomUUID()}`);
  const source = join(ROOT, "tests", "control", "dial.c");
  const { code, stderr } = await run(["cc", ...FLAGS, ...flags, "-o", binary, source]);
  if (code !== 0) throw new Error(`cc dial.c failed:\n${stderr}`);
  await Deno.rename(binary, join(directory, name));
  return join(directory, name);
}

function find(name: string, flags: readonly string[] = []): Promise<string> {
  const found = built.get(name) ?? build(name, flags);
  built.set(name, found);
  return found;
}

export interface DialOptions {
  /** The ports it tries in turn with one descriptor, until one connects. */
  ports: number[];
  address?: string;
  settings?: Record<string, string>;
}

/**
 * Runs the client under the shim.
 *
 * @param mode Of its descriptor, and whether it is static, so that its system calls are trapped.
 * @param dir Its UNSOCK_DIR.
 * @param options The ports and addresses to connect to.
 * @returns The values it printed, by name.
 * @throws {Error} when it ends with another status than 0.
 */
export async function dial(mode: DialMode, dir: string, options: DialOptions): Promise<Map<string, string>> {
  const { ports, address = "127.0.0.1", settings = {} } = options;
  const [blocking = "", linking] = mode.split(", ");
  const { LD_PRELOAD, ...env } = shimEnv(dir, settings);
  const start = linking === undefined
    ? ["env", `LD_PRELOAD=${LD_PRELOAD}`, await find("dial")]
    : [shimLibrary(), "run", "--", await find("dial-static", ["-static"])];
  const command = [...start, blocking, address, ...ports.map(String)];
  const { code, signal, stdout, stderr } = await run(command, { env });
  if (code !== 0) throw new Error(`dial ended with ${signal ?? code}: ${stderr}${stdout}`);
  return new Map(
    stdout.trimEnd().split("\n").map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2)];
    }),
  );
}
