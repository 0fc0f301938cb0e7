/** The compiled binary that UNSOCK_TEST_BINARY names, alone in its directory. */
import { basename, dirname, join } from "@std/path/posix";
import { run, type RunOptions, type RunResult } from "../support/process.ts";

/** Its absolute path; empty: there is none to test. */
export const BINARY = Deno.env.get("UNSOCK_TEST_BINARY") ?? "";

/** For tests that need it. */
export const compiled = { ignore: BINARY === "" };

/** The directories of one test. */
export interface Places {
  readonly dir: string;
  /** `HOME` */
  readonly home: string;
  /** Where the library is unpacked, if all is well. */
  readonly cache: string;
  /** Environment: nothing but these directories. */
  readonly env: Record<string, string>;
}

/**
 * Makes a home for a test.
 *
 * @param dir The test's directory.
 */
export function makeHome(dir: string): Places {
  const home = join(dir, "home");
  Deno.mkdirSync(home);
  const env = { HOME: home, PATH: Deno.env.get("PATH") ?? "", UNSOCK_DIR: join(dir, "s"), NO_COLOR: "1" };
  return { dir, home, cache: join(home, ".cache", "unsock"), env };
}

/** Starts a program with exactly this environment. */
export async function runAlone(
  command: string[],
  env: Record<string, string>,
  options: RunOptions = {},
): Promise<RunResult> {
  return await run(command, { ...options, env, clearEnv: true });
}

/** The arguments that print which library a command gets. */
export const TELL = ["run", "--", "sh", "-c", 'echo "$LD_PRELOAD"'];

/** Whether `file` is the library that the binary carries, by its name: it holds the hash of the content. */
export async function isWhole(file: string): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return basename(file) === `libunsock-${hash.slice(0, 16)}.so`;
}

/** Names in a directory. */
export function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

/** The binary's directory, for PATH. */
export const BINARY_DIRECTORY = dirname(BINARY);
