/** Builds tests/control/dial.c, an ordinary TCP client that prints the result of its connect. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { compileWhole } from "./compile.ts";
import { run } from "./process.ts";
import { libraryEnv, libraryFile } from "./library.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

/** Whether the descriptor blocks, and by which door the library reaches the program. */
export const MODES = ["blocking", "nonblocking", "blocking, static", "nonblocking, static"] as const;
export type DialMode = typeof MODES[number];

/** The facts that are "yes" for every connect, failed or not. */
export const UNCHANGED = ["the same flags", "no descriptor leaked", "epoll still knows it"];

const built = new Map<string, Promise<string>>();

/** @param name `dial`, or `dial-static`. */
async function build(name: string, flags: readonly string[]): Promise<string> {
  const binary = join(ROOT, "build", "control", name);
  await compileWhole(binary, ["cc", ...FLAGS, ...flags, join(ROOT, "tests", "control", "dial.c")]);
  return binary;
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
 * Runs the client under the library.
 *
 * @param mode Whether its descriptor blocks, and whether the client is static, so that its system calls are trapped.
 * @param dir The client's UNSOCK_DIR.
 * @param options The ports and addresses to connect to.
 * @returns The values it printed, by name.
 * @throws {Error} when the client's exit status is not 0.
 */
export async function dial(mode: DialMode, dir: string, options: DialOptions): Promise<Map<string, string>> {
  const { ports, address = "127.0.0.1", settings = {} } = options;
  const [blocking = "", linking] = mode.split(", ");
  const { LD_PRELOAD, ...env } = libraryEnv(dir, settings);
  const start = linking === undefined
    ? ["env", `LD_PRELOAD=${LD_PRELOAD}`, await find("dial")]
    : [libraryFile(), "run", "--", await find("dial-static", ["-static"])];
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
