/** Probe programs: builds each once, runs it over the kernel's TCP and UDP and under the library, compares the facts. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { compileWhole } from "./compile.ts";
import { type Differences, differences } from "./differences.ts";
import { withDir } from "./dir.ts";
import { type Door, DOOR_FLAGS, isTrapped, passage } from "./doors.ts";
import { isBefore } from "./kernel.ts";
import { run } from "./process.ts";
import { findProgram, need } from "./programs.ts";
import { libraryEnv, libraryFile } from "./library.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const SOURCES = join(ROOT, "tests", "probes");
const BINARIES = join(ROOT, "build", "probes");
/** The compiler's flags. With -O2, gcc would take twice as long for four hundred compilations. */
const FLAGS = ["-std=gnu17", "-Og", "-Wall", "-Wextra", "-Werror", "-pthread"];

/** Doors whose probes differ only in how they are linked: they have one object file. */
const ONLY_LINKED: readonly Door[] = ["preload", "static", "dynamic"];

const COUNTERS_FOLLOW = "=== what went over the network ===";

/** Longer than a probe's own alarm, so that a probe that hangs reports where. */
const TIMEOUT_MS = 360_000;

/** The output and effects of one run of a probe. */
export interface ProbeRun {
  /** The lines, in order. */
  facts: string[];
  /** How many TCP segments and UDP datagrams went through IP in its network namespace; undefined without one. */
  traffic?: number;
  /** How many TCP connects were refused over IP. Each takes two segments of `traffic`. */
  refusals?: number;
  /** The names in the directory of socket files after the end of the probe. */
  left: string[];
}

export interface ProbeOptions {
  /** More compiler flags. */
  flags?: string[];
  /** Names that may be left in the directory, and why: a process that was killed cannot remove its files. */
  mayLeave?: string;
  /** More variables for the run under the library. */
  env?: Record<string, string>;
  /** Why real IP traffic belongs to the run under the library. */
  usesNetwork?: string;
  /** The probe has non-blocking connects refused, which become TCP's that the loopback device refuses (calls/connect.h). */
  refuses?: boolean;
  /** Whether the probe changes settings of its network namespace, and so needs one of its own. */
  ownNetwork?: boolean;
  /** The first kernel on which the probe is known to behave as over TCP and UDP (docs/limits.md). */
  since?: string;
}

/**
 * Compiles a C file of the probes directory, unless it is there and newer than its sources.
 *
 * @param name The file's name without `.c`.
 * @param flags More compiler flags; `-shared` makes a library.
 * @param door The door by which the library will reach the probe.
 * @param cross The compiler for another machine than this.
 * @returns The path of the program or library.
 * @throws {Error} with the compiler's words.
 */
export async function buildProbe(
  name: string,
  flags: string[] = [],
  door: Door = "preload",
  cross?: string,
): Promise<string> {
  const source = join(SOURCES, `${name}.c`);
  const directory = cross === undefined ? BINARIES : `${BINARIES}-${cross}`;
  const binary = join(directory, door === "preload" ? name : `${name}-${door}`);
  const own = [...Deno.readDirSync(SOURCES)].map(({ name }) => name).filter((name) => name.endsWith(".h"));
  const headers = [...own, "../support/past_libc.h", "../../c/rt/syscall6.h"].map((header) => join(SOURCES, header));
  const newest = Math.max(...[source, ...headers].map(modified));
  if (modified(binary) > newest) return binary;
  const compiler = cross ?? (door === "musl" ? "musl-gcc" : Deno.env.get("CC") || "cc");
  const command = [compiler, ...FLAGS, ...flags];
  const object = join(directory, `${name}.o`);
  const isLinked = ONLY_LINKED.includes(door);
  if (isLinked && modified(object) <= newest) await compileWhole(object, [...command, "-c", source]);
  await compileWhole(binary, [...command, ...DOOR_FLAGS[door], isLinked ? object : source]);
  return binary;
}

function modified(file: string): number {
  try {
    return Deno.statSync(file).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

/** A namespace gives each run all ports and its own counters; undefined when this machine does not allow one. */
let namespace: Promise<string[] | undefined> | undefined;

/** Returns the option of unshare(1) that gives this user a network namespace, or undefined if the user may have none. */
function networkOption(): string | undefined {
  const unshare = findProgram("unshare");
  if (unshare === undefined) return undefined;
  return ["-n", "-Urn"].find((option) => new Deno.Command(unshare, { args: [option, "true"] }).outputSync().success);
}

/** @returns Whether this user may make a network namespace. */
export function mayIsolate(): boolean {
  return networkOption() !== undefined;
}

async function findNamespace(): Promise<string[] | undefined> {
  const option = networkOption();
  return option === undefined ? undefined : ["unshare", option, await buildProbe("loopback_up")];
}

/**
 * Runs a command in a network namespace of its own where that is possible, else in this one.
 *
 * @param command The program and its arguments.
 * @param env Variables for the program alone, not for the helpers that make the namespace.
 * @returns The lines that it printed, and the traffic.
 * @throws {Error} when it exits with another status than 0.
 */
export async function runIsolated(
  command: string[],
  env: Record<string, string> = {},
): Promise<Omit<ProbeRun, "left">> {
  namespace ??= findNamespace();
  const isolation = await namespace;
  const program = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command];
  const script = `"$@"; code=$?
echo "${COUNTERS_FOLLOW}"; cat /proc/net/snmp /proc/net/snmp6 2>/dev/null; exit $code`;
  const whole = isolation === undefined ? program : [...isolation, "sh", "-c", script, "sh", ...program];
  const result = await run(whole, { timeoutMs: TIMEOUT_MS });
  const [text = "", counters] = result.stdout.split(`${COUNTERS_FOLLOW}\n`);
  if (result.code !== 0 || result.signal !== null) {
    const last = text.trimEnd().split("\n").slice(-3).join("\n");
    throw new Error(
      `${command[0]} ended with ${result.signal ?? result.code}: ${result.stderr}\nIts last facts:\n${last}`,
    );
  }
  const facts = text.split("\n").filter((line) => line !== "");
  return counters === undefined ? { facts } : { facts, ...countTraffic(counters) };
}

/**
 * The kernel counts segments and datagrams for each namespace: the proof that nothing went through IP.
 *
 * @param snmp The text of /proc/net/snmp, and of snmp6.
 * @returns How many were sent, and how many connects were refused.
 */
export function countTraffic(snmp: string): { traffic: number; refusals: number } {
  const lines = snmp.split("\n");
  const value = (table: string, name: string) => {
    const [names, values] = lines.filter((line) => line.startsWith(`${table}:`)).map((line) => line.split(" "));
    return Number(values?.[names?.indexOf(name) ?? -1] ?? 0);
  };
  const udp6 = lines.find((line) => line.startsWith("Udp6OutDatagrams"))?.split(/\s+/)[1] ?? 0;
  return {
    traffic: value("Tcp", "OutSegs") + value("Udp", "OutDatagrams") + Number(udp6),
    // Not AttemptFails: on a slow machine the answer may come when the library has given that socket up.
    refusals: Math.min(value("Tcp", "ActiveOpens"), value("Tcp", "OutRsts")),
  };
}

/**
 * Runs a probe over real TCP and UDP.
 *
 * @param binary What buildProbe returned.
 * @param args Its arguments.
 * @returns What it printed.
 * @throws {Error} when it fails.
 */
export async function runPlain(binary: string, ...args: string[]): Promise<ProbeRun> {
  return { ...await runIsolated([binary, ...args]), left: [] };
}

/**
 * Runs a probe under the library.
 *
 * @param binary What buildProbe returned.
 * @param env More variables.
 * @param args Its arguments.
 * @returns What it printed, the traffic that it caused, and the files that it left.
 * @throws {Error} when it fails.
 */
export async function runUnderLibrary(
  binary: string,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<ProbeRun> {
  // The loader only warns about a library that is not there: the run would prove nothing.
  Deno.statSync(libraryFile());
  let result: ProbeRun | undefined;
  await withDir(async (dir) => {
    const finished = await runIsolated([binary, ...args], libraryEnv(dir, env));
    result = { ...finished, left: [...Deno.readDirSync(dir)].map(({ name }) => name) };
  });
  assert(result);
  return result;
}

/**
 * Runs a probe with its system calls trapped: started by the library as a program, as `unsock run` starts it.
 *
 * @param binary What buildProbe returned, for another door than `preload`.
 * @param env More variables.
 * @param args Its arguments.
 * @returns As of runUnderLibrary.
 * @throws {Error} when it fails.
 */
export async function runTrapped(
  binary: string,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<ProbeRun> {
  let result: ProbeRun | undefined;
  await withDir(async (dir) => {
    const { LD_PRELOAD: _, ...settings } = libraryEnv(dir, { UNSOCK_ENGINE: "trap", ...env });
    const finished = await runIsolated([libraryFile(), "run", "--", binary, ...args], settings);
    result = { ...finished, left: [...Deno.readDirSync(dir)].map(({ name }) => name) };
  });
  assert(result);
  return result;
}

/** Every probe that a test file of this process has registered: other kernels run them too (tests/kernels). */
export const registered: { name: string; options: ProbeOptions; doors: readonly Door[] }[] = [];

/**
 * Registers the tests that a probe prints the same facts with and without the library, through each door.
 *
 * @param name The probe's file name without `.c`.
 * @param story What the user relies on, as the test's name.
 * @param options What may differ.
 */
export function testProbe(name: string, story: string, options: ProbeOptions = {}): void {
  registered.push({ name, options, doors: ["preload", "static", "raw"] });
  for (const door of ["preload", "syscall", "static", "raw"] as const) testDoor(name, story, options, door);
}

/** Registers the test of a probe through one of the trap's doors alone, where that can be. */
export function testTrapped(name: string, story: string, options: ProbeOptions, door: Door): void {
  registered.push({ name, options, doors: [door] });
  testDoor(name, story, options, door);
}

/** Registers the test of a probe through one door. */
export function testDoor(name: string, story: string, options: ProbeOptions, door: Door): void {
  const way = passage(name, door);
  if (way === undefined) return;
  Deno.test({
    name: `${story} (${name}${door === "preload" ? "" : `, ${door}`}${isTrapped(door) ? ", trapped" : ""})`,
    ignore: !need(door === "musl" ? "musl-gcc" : "cc") || isBefore(Deno.osRelease(), options.since ?? "") ||
      (options.ownNetwork === true && !mayIsolate()),
    fn: async () => {
      const binary = await buildProbe(name, options.flags, door);
      const [plain, under] = await Promise.all([
        runPlain(binary, ...way.args),
        (isTrapped(door) ? runTrapped : runUnderLibrary)(binary, options.env, ...way.args),
      ]);
      compareRuns(plain, under, options, way.known);
    },
  });
}

/**
 * Compares a run under the library with one over TCP and UDP.
 *
 * @throws {Error} naming the lines that differ and are not known to, files that are left, and traffic.
 */
export function compareRuns(
  plain: ProbeRun,
  under: ProbeRun,
  options: ProbeOptions,
  known: Differences | undefined,
): void {
  const found = differences(plain.facts, under.facts, known);
  assertStrictEquals(found.length, 0, `differs from TCP and UDP:\n  ${found.join("\n  ")}`);
  if (!options.mayLeave) assertEquals(under.left, [], "socket files are left behind");
  const refused = options.refuses ? 2 * (under.refusals ?? 0) : 0;
  if (!options.usesNetwork) assertStrictEquals(under.traffic ?? 0, refused, "segments or datagrams went through IP");
}
