/** Builds the tour of all intercepted calls, the injector of failures, the sanitized library, and a guard server for the directory. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { build } from "../../scripts/build.ts";
import { compileWhole } from "../support/compile.ts";
import { withDir } from "../support/dir.ts";
import { run, type RunResult, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const SOURCES = join(ROOT, "tests", "faults");
const FLAGS = ["-std=gnu17", "-O2", "-g", "-Wall", "-Wextra", "-Werror"];

const FILES = {
  tour: ["tour.c", "tour_stream.c", "tour_datagram.c", "tour_process.c", "tour_program.c", "guard.c"],
  injector: ["injector.c", "trace.c", "errors.c"],
};

/** Results are set in registers of x86-64. */
export const ignore = Deno.build.arch !== "x86_64" || !need("cc");

/** @returns How many of the runs there are between two that are made: 1 is all, for a run by hand. */
export function strideOr(inCi: number): number {
  return Number(Deno.env.get("UNSOCK_TEST_STRIDE") || inCi);
}

/** Builds a tool once for each test file; another one may be building it too. */
async function buildTool(name: keyof typeof FILES): Promise<string> {
  const binary = join(ROOT, "build", "faults", name);
  await compileWhole(binary, [Deno.env.get("CC") || "cc", ...FLAGS, ...FILES[name].map((file) => join(SOURCES, file))]);
  return binary;
}

/** @returns The paths of the tour and of the injector. */
export async function buildTools(): Promise<{ tour: string; injector: string }> {
  const [tour, injector] = await Promise.all([buildTool("tour"), buildTool("injector")]);
  return { tour, injector };
}

/** @returns The library under AddressSanitizer and UndefinedBehaviorSanitizer, and what has to be preloaded for it. */
export async function buildSanitized(): Promise<{ library: string; preload: string }> {
  const libraries = await build(["--sanitize"]);
  const library = join(ROOT, libraries.find((path) => path.includes("sanitized")) ?? "");
  const { stdout } = await run([Deno.env.get("CC") || "cc", "-print-file-name=libasan.so"]);
  return { library, preload: `${await Deno.realPath(stdout.trim())}:${library}` };
}

export interface TourOptions {
  /** More variables of the programs; LD_PRELOAD is another one's than the library's. */
  env?: Record<string, string>;
  /** Words before the tour's name. */
  before?: string[];
}

/** A tour has a port and the guard the next one. */
const PORTS = { first: 7001, last: 9999, each: 2 };

/**
 * Takes ports for one tour. Names of clients are common to all directories, and test files run beside each other in one
 * process or in several: a TCP listener, held meanwhile, says to all of them whose ports these are.
 *
 * @returns The listener, to be held with `using`.
 */
function takePorts(): Deno.TcpListener {
  for (let port = PORTS.first; port <= PORTS.last; port += PORTS.each) {
    try {
      return Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`no port from ${PORTS.first} to ${PORTS.last} is free`);
}

/**
 * Lends the environment of a tour, with ports that no other one has meanwhile.
 *
 * @param dir The directory of the socket files.
 * @param env More variables.
 * @param use Works with it.
 * @returns The result of `use`.
 */
export async function withTourEnv<Result>(
  dir: string,
  env: Record<string, string>,
  use: (variables: Record<string, string>) => Promise<Result>,
): Promise<Result> {
  using listener = takePorts();
  return await use({
    ...libraryEnv(dir, env),
    TOUR_PORT: String(listener.addr.port),
    // Leaks are no matter of a library without malloc; the tour itself just ends.
    ASAN_OPTIONS: "detect_leaks=0",
  });
}

/**
 * Runs the whole tour, with nothing failing, beside a guard.
 *
 * @param scenario Of the tour; `all`.
 * @returns How it ended and what it wrote.
 */
export async function runTour(scenario: string, { env, before = [] }: TourOptions = {}): Promise<RunResult> {
  const { tour } = await buildTools();
  let result: RunResult | undefined;
  await withDir(async (dir) => {
    result = await withTourEnv(dir, env ?? {}, async (variables) => {
      // It ends with its standard input.
      await using guard = start(["sh", "-c", 'sleep 600 | "$0" guard', tour], { env: variables });
      await until("the guard is there", () => guard.output().includes("."));
      return await run([...before, tour, scenario], { env: variables, timeoutMs: 120_000 });
    });
  });
  if (!result) throw new Error("no result");
  return result;
}
