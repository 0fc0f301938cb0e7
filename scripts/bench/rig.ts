/** Provides a directory, the variants to measure, and functions that run programs to their end. */
import * as path from "@std/path/posix";
import { otherEnvironment } from "./others.ts";
import { LOOPBACK, NATIVE, UNSOCK } from "./report.ts";

export const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

/** The sources of the program with the C workloads. */
export const WORKLOAD_SOURCES = [
  "workload.c",
  "endpoint.c",
  "stream.c",
  "datagram.c",
  "held.c",
  "others.c",
  "mixed.c",
  "setup.c",
  "askers.c",
  "scale.c",
];
export const COMPILE_FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"];

const WHY_MOST = 240;

export interface Variant {
  readonly name: string;
  readonly transport: "unix" | "inet";
  /** Variables that preload a library and configure it. */
  readonly env: Readonly<Record<string, string>>;
  /** The directory of the library's socket files; undefined if the variant preloads no library. */
  readonly sockets?: string;
  /** Whether the variant may fail: only a library to compare with may ({@linkcode OtherLibrary}). */
  readonly mayFail: boolean;
}

/** A library to compare with: another project's (`--other`), or unsock's of an earlier commit (`--compare`). */
export interface OtherLibrary {
  readonly name: string;
  /** The library, or a command that sets it up and executes the words after it. */
  readonly how: string;
  readonly ours: boolean;
}

export interface Rig {
  readonly directory: string;
  /** The directory of the socket files, in memory if possible, as `/run` is. */
  readonly sockets: string;
  readonly workload: string;
  readonly spawner: string;
  readonly directories: string;
  readonly emptyProgram: string;
  readonly emptyLibrary: string;
  /** A copy of the library that every user may read. */
  readonly library: string;
  /** The variants: native, loopback, unsock, then other libraries. */
  readonly variants: readonly Variant[];
  /** Whether to measure few and short rounds, only to see that all works. */
  readonly quick: boolean;
  progress(what: string, detail?: string): void;
}

/**
 * Runs a program to its end.
 *
 * @returns Its standard output.
 * @throws {Error} With the program's standard error, if it fails or takes longer than `timeoutMs`.
 */
export async function output(
  command: readonly string[],
  { env = {}, timeoutMs = 60_000 }: { env?: Readonly<Record<string, string>>; timeoutMs?: number } = {},
): Promise<string> {
  const [program = "", ...args] = command;
  const signal = AbortSignal.timeout(timeoutMs);
  const child = new Deno.Command(program, { args, env, signal, stdin: "null", stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const why = signal.aborted ? `not finished after ${timeoutMs} ms` : decoder.decode(stderr).trim();
  throw new Error(`${path.basename(program)} ${args.join(" ")}: ${why || "failed"}`);
}

/** Returns the variables that `unsock run` sets by default. */
export function unsockEnvironment(library: string, sockets: string): Record<string, string> {
  return {
    LD_PRELOAD: library,
    UNSOCK_DIR: sockets,
    UNSOCK_ADDR: "127.0.0.1/8,0.0.0.0,::1,::",
    UNSOCK_ACCEPT_CONVERT_ALL: "1",
  };
}

/** Compiles a program of `bench/`, and returns `output`. On failure throws the compiler's messages. */
export async function compile(output: string, sources: readonly string[], flags: readonly string[]): Promise<string> {
  const [program = "cc", ...words] = (Deno.env.get("CC") || "cc").split(/\s+/);
  const files = sources.map((source) => path.join(ROOT, "bench", source));
  const command = new Deno.Command(program, { args: [...words, ...flags, "-o", output, ...files], stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`${sources[0]}: not compiled:\n${new TextDecoder().decode(stderr).trimEnd()}`);
  return output;
}

/**
 * Compiles the programs, and lists the variants.
 *
 * @param directory An empty directory.
 * @param sockets Another empty directory, for socket files.
 * @throws {Error} When something does not compile, or a library is missing.
 */
export async function makeRig(
  directory: string,
  sockets: string,
  { others, quick, progress }: { others: readonly OtherLibrary[]; quick: boolean; progress: Rig["progress"] },
): Promise<Rig> {
  const at = (name: string) => path.join(directory, name);
  // Programs that run as another user need these directories, too.
  await Deno.chmod(directory, 0o755);
  await Deno.chmod(sockets, 0o755);
  await Deno.mkdir(path.join(sockets, "unix"));
  const makeSockets = async (name: string) => {
    const place = path.join(sockets, name);
    await Deno.mkdir(place);
    await Deno.chmod(place, 0o700); // the usual mode of a user's directory
    return place;
  };
  await Deno.copyFile(path.join(ROOT, "build", "libunsock.so"), at("libunsock.so"));
  await Deno.chmod(at("libunsock.so"), 0o755);
  const ownSockets = await makeSockets("s");
  const variants: Variant[] = [
    { name: NATIVE, transport: "unix", env: {}, mayFail: false },
    { name: LOOPBACK, transport: "inet", env: {}, mayFail: false },
    {
      name: UNSOCK,
      transport: "inet",
      env: unsockEnvironment(at("libunsock.so"), ownSockets),
      sockets: ownSockets,
      mayFail: false,
    },
  ];
  for (const [index, other] of others.entries()) {
    const place = await makeSockets(`s${index}`);
    const env = other.ours ? unsockEnvironment(other.how, place) : await otherEnvironment(other, place);
    variants.push({ name: other.name, transport: "inet", env, sockets: place, mayFail: true });
  }
  return {
    directory,
    sockets,
    workload: await compile(at("workload"), WORKLOAD_SOURCES, COMPILE_FLAGS),
    directories: await compile(at("directories"), ["directories.c", "endpoint.c"], COMPILE_FLAGS),
    spawner: await compile(at("spawn"), ["spawn.c"], COMPILE_FLAGS),
    emptyProgram: await compile(at("empty"), ["empty.c"], COMPILE_FLAGS),
    emptyLibrary: await compile(at("empty.so"), ["empty.c"], ["-shared", "-nostdlib", "-fPIC"]),
    library: at("libunsock.so"),
    variants,
    quick,
    progress,
  };
}

/**
 * Removes the socket files of the variants that are other libraries, while no program uses the files. Otherwise a later
 * bind to the same port by another user could fail.
 */
export async function clearOthers({ variants }: Pick<Rig, "variants">): Promise<void> {
  for (const { mayFail, sockets } of variants) {
    if (!mayFail || sockets === undefined) continue;
    for await (const { name } of Deno.readDir(sockets)) {
      await Deno.remove(path.join(sockets, name), { recursive: true });
    }
  }
}

let nextPort = 10_000 + Math.floor(Math.random() * 5_000);

/** Returns a port below the ephemeral range, a different one at each call, so that old connections do not block it. */
export function newPort(): number {
  while (true) {
    nextPort = nextPort < 30_000 ? nextPort + 1 : 10_000;
    try {
      Deno.listen({ hostname: "127.0.0.1", port: nextPort }).close();
      return nextPort;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/**
 * Returns the order of a round. The first item changes from round to round, so that no variant always comes first.
 * Every second round is backwards, so that no variant always follows the same one: TCP cleans up after a variant while
 * the next one is measured.
 */
export function orderOf<T>(items: readonly T[], round: number): T[] {
  const turn = Math.floor(round / 2);
  const first = items.length === 0 ? 0 : turn % items.length;
  const order = [...items.slice(first), ...items.slice(0, first)];
  return round % 2 === 0 ? order : order.reverse();
}

export interface Attempts {
  /** The results of `measure` for each variant, one a round. */
  readonly samples: Map<string, number[]>;
  /** The names of the variants with `mayFail` that failed. */
  readonly failed: string[];
  readonly notes: string[];
}

/** Returns the reason as one line, cut: a failed program's output is long, and its beginning names the cause. */
function whyOf(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s+/g, " ");
  return line.length > WHY_MOST ? `${line.slice(0, WHY_MOST)}…` : line;
}

/**
 * Measures every variant once a round. Leaves out a variant that has failed.
 *
 * @param measure Returns a speed, or a time.
 * @throws What `measure` throws for a variant that may not fail.
 */
export async function interleave(
  variants: readonly Variant[],
  rounds: number,
  measure: (variant: Variant, round: number) => Promise<number>,
): Promise<Attempts> {
  const samples = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  const failed: string[] = [];
  const notes: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const variant of orderOf(variants, round)) {
      const speeds = samples.get(variant.name);
      if (!speeds) continue;
      try {
        speeds.push(await measure(variant, round));
      } catch (error) {
        if (!variant.mayFail) throw error;
        samples.delete(variant.name);
        failed.push(variant.name);
        notes.push(`${variant.name} failed: ${whyOf(error)}`);
      }
    }
  }
  return { samples, failed, notes };
}
