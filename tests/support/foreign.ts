/**
 * Probe programs for another C library or another machine than those of the tests. A probe runs with and without the
 * library, and both runs must print the same facts.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { MAY_DIFFER } from "../probes/may_differ.ts";
import { compileWhole } from "./compile.ts";
import { differences } from "./differences.ts";
import { withDir } from "./dir.ts";
import { runIsolated } from "./probe.ts";
import { libraryEnv } from "./library.ts";

/** The source tree. */
export const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** The flags of this machine's probes (probe.ts). */
const FLAGS = ["-std=gnu17", "-Og", "-Wall", "-Wextra", "-Werror", "-pthread"];

/** The system for which a probe is compiled, and how a probe is started there. */
export interface Target {
  /** The target's binaries are in build/probes-NAME. */
  readonly name: string;
  /** The compiler with flags of its own. */
  readonly compiler: readonly string[];
  /** The absolute path of the library for this machine. */
  readonly library: string;
  /** The emulator and its options, which hand LD_PRELOAD to the program alone. */
  readonly emulator?: (preload: string | undefined) => readonly string[];
}

/** Guarantees to users, by the probe that shows each. The probes chosen use every part of the library. */
const PROBES: Readonly<Record<string, string>> = {
  stream_addresses: "both ends of a connection agree on addresses and ports",
  stream_data: "queues, urgent data, half close, sendfile and splice are as over TCP",
  tcp_corners: "listen without bind, bind before connect and TCP Fast Open do what TCP does",
  ipv6: "IPv6 and IPv4 reach each other as the kernel lets them",
  datagram_basic: "datagrams are sent, answered, filtered and refused as UDP does",
  tagged_pointers: "pointers with a tag are good where the kernel takes them, and EFAULT elsewhere",
  datagram_msg: "sendmsg, recvmsg, sendmmsg and recvmmsg carry datagrams and their addresses",
  epoll_before_redirect: "epoll registrations made before bind or connect go on working",
  epoll_sets: "epoll registrations outlive bind and connect, whatever set, socket and number they are of",
  epoll_one_shots: "a one-shot that fired before bind or connect is not armed by it",
  descriptor_flags: "a redirected descriptor keeps its number, flags, owner and signal",
  descriptor_leak: "thousands of connections leave no descriptor",
  dup_before_bind: "a descriptor duplicated before bind is the same socket afterwards",
  options: "options are kept and read back",
  option_values: "options that are structures, and nonsense, are answered as TCP does",
  errors: "what fails over TCP fails with the same errno",
  same_port_twice: "the same port is shared, refused and handed on",
  threads: "threads are not mixed up",
  signals: "signals interrupt, restart and cancel calls",
  lifetime: "a listener lives as long as its last descriptor",
  vfork_spawn: "children by vfork and posix_spawn leave the parent's sockets alone",
};

/** The probes to run, and their target. */
export interface ForeignProbes {
  /** Part of the tests' names. */
  readonly where: string;
  /** Made when a test runs, as it may have to be fetched. */
  readonly target: () => Promise<Target>;
  readonly ignore: boolean;
  /** Probes that cannot run there, and why. */
  readonly without?: Readonly<Record<string, string>>;
  /** The only ones to run. */
  readonly only?: readonly string[];
}

/**
 * Compiles a C file for a target, always anew: the target's headers may have changed.
 *
 * @param target Where it will run.
 * @param source The absolute path of a C file.
 * @param output The absolute path of the program; its directory is made.
 * @throws {Error} with the compiler's words.
 */
async function compileFor(target: Target, source: string, output: string): Promise<void> {
  await compileWhole(output, [...target.compiler, ...FLAGS, source]);
}

/**
 * Makes the command and the variables that start a target's program.
 *
 * @param target The target it was compiled for.
 * @param command The program and its arguments.
 * @param dir The absolute directory of the socket files, or undefined to run without the library.
 * @returns The command, and the variables in addition to the caller's.
 */
function startFor(
  target: Target,
  command: readonly string[],
  dir?: string,
): { command: string[]; env: Record<string, string> } {
  const variables: Record<string, string> = dir === undefined ? {} : libraryEnv(dir, { LD_PRELOAD: target.library });
  if (target.emulator === undefined) return { command: [...command], env: variables };
  const { LD_PRELOAD, ...env } = variables;
  return { command: [...target.emulator(LD_PRELOAD), ...command], env };
}

/**
 * Registers the tests that probes print the same facts with and without the library.
 *
 * @param probes The probes and their target.
 */
export function testForeignProbes(probes: ForeignProbes): void {
  for (const [name, story] of Object.entries(PROBES)) {
    if (probes.without?.[name] !== undefined || probes.only?.includes(name) === false) continue;
    Deno.test({
      name: `${probes.where}: ${story} (${name})`,
      ignore: probes.ignore,
      fn: async () => await compare(name, await probes.target()),
    });
  }
}

async function compare(name: string, target: Target): Promise<void> {
  // The loader only warns about a library that is not there: the run would prove nothing.
  Deno.statSync(target.library);
  const binary = join(ROOT, "build", `probes-${target.name}`, name);
  await compileFor(target, join(ROOT, "tests", "probes", `${name}.c`), binary);
  await withDir(async (dir) => {
    const start = (socketDir?: string) => {
      const { command, env } = startFor(target, [binary], socketDir);
      return runIsolated(command, env);
    };
    const [plain, under] = await Promise.all([start(), start(dir)]);
    const found = differences(plain.facts, under.facts, MAY_DIFFER[name]);
    assertStrictEquals(found.length, 0, `differs from TCP and UDP:\n  ${found.join("\n  ")}`);
    if (name !== "lifetime") assertEquals([...Deno.readDirSync(dir)], [], "socket files are left behind");
    // A refused non-blocking connect becomes a TCP connect, which the loopback device refuses (calls/connect.h).
    const refused = name === "errors" ? 2 * (under.refusals ?? 0) : 0;
    assertStrictEquals(under.traffic ?? 0, refused, "segments or datagrams went through IP");
  });
}
