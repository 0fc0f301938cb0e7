/**
 * Fuzzes every reader, a function that reads bytes from outside the process, with the corpus in `tests/fuzz/corpus/`.
 * Keeps in `build/fuzz/` the inputs that crash a reader.
 *
 * Usage: `deno task fuzz [--seconds N] [--seed N] [NAME…]`: N seconds for each reader (by default an hour), as many
 * readers at a time as there are processors. The same seed tries the same inputs in the same order. The last line is `N
 * passed, N failed`.
 */
import * as path from "@std/path/posix";
import { build, findFiles, writeTables } from "./build.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const BUILD = "build/fuzz";
const SOURCES = "tests/fuzz";
const COMPILER = "clang-19";
const HOUR = 3600;

const LAST = 100_000;

/** The length of the longest input: more than any reader's buffer holds. */
const LONGEST = 10_000;

/**
 * The sanitizers of all files. Targets add `fuzzer`, with libFuzzer's main function. The library's files add
 * `fuzzer-no-link`, which leaves the main function out.
 */
const SANITIZE = "address,undefined";
const FLAGS = [
  ..."-std=gnu17 -g1 -Wall -Wextra -Werror -Wno-gnu -ffreestanding -Ic -fno-sanitize-recover=all".split(" "),
  "-include",
  `${SOURCES}/sys.h`,
];

/** For so short a run, compiles without optimization: to optimize the code would take longer than to fuzz it. */
const SHORT_SECONDS = 30;

/** Files left out: they would replace functions that the fuzzer itself calls, or that the sanitizers watch. */
const LEFT_OUT = ["c/preload/exports.c", "c/program/entry.c", "c/rt/mem.c"];

interface Fuzzed {
  readonly name: string;
  readonly passed: boolean;
  /** The end of a failure's report; else how many inputs were tried. */
  readonly report: string;
}

/** @returns The names of all readers in C, or of programs (`.ts`) that compare a reader with its TypeScript twin. */
async function fuzzTargets(extension: ".c" | ".ts"): Promise<string[]> {
  return (await findFiles(`${SOURCES}/targets`, extension)).map((file) => path.basename(file, extension));
}

/** Returns only the last text of a stream: a fuzzed reader may print gigabytes in an hour. */
async function lastOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let kept = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) kept = (kept + text).slice(-LAST);
  return kept;
}

async function call(program: string, args: readonly string[]): Promise<{ success: boolean; text: string }> {
  const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program, { args: [...args], cwd: ROOT, ...streams }).spawn();
  const texts = await Promise.all([lastOf(child.stdout), lastOf(child.stderr)]);
  return { success: (await child.status).success, text: texts.join("") };
}

async function compile(args: readonly string[]): Promise<void> {
  const { success, text } = await call(COMPILER, args);
  if (!success) throw new Error(`${COMPILER} failed:\n${text}`);
}

/** Works on all items, as many at a time as there are processors. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return results;
}

/**
 * Builds the fuzzers.
 *
 * @param names The readers' names.
 * @param seconds The time that each will run.
 * @returns The directory with the fuzzers.
 * @throws {Error} With the compiler's output.
 */
async function buildFuzzers(names: readonly string[], seconds: number): Promise<string> {
  await writeTables();
  const compileFlags = [...FLAGS, seconds > SHORT_SECONDS ? "-O1" : "-O0"];
  const directory = `${BUILD}/${crypto.randomUUID()}`;
  await Deno.mkdir(path.join(ROOT, directory), { recursive: true });
  const sources = [...await findFiles("c", ".c"), ...await findFiles("c", `${Deno.build.arch}.S`)]
    .filter((file) => !LEFT_OUT.includes(file));
  const objects = await inParallel([...sources, `${SOURCES}/kernel.c`], async (source) => {
    const object = `${directory}/${source.replaceAll("/", "_")}.o`;
    const flags = source.endsWith(".S") ? ["-Ic"] : [...compileFlags, `-fsanitize=fuzzer-no-link,${SANITIZE}`];
    await compile([...flags, "-c", "-o", object, source]);
    return object;
  });
  // An archive supplies only the functions that a target does not itself include.
  const archive = `${directory}/library.a`;
  await call("ar", ["rcs", archive, ...objects]);
  await inParallel(names, async (name) => {
    const source = `${SOURCES}/targets/${name}.c`;
    await compile([...compileFlags, `-fsanitize=fuzzer,${SANITIZE}`, "-o", `${directory}/${name}`, source, archive]);
  });
  return path.join(ROOT, directory);
}

/**
 * Fuzzes one reader.
 *
 * @param directory The result of buildFuzzers().
 * @param name The reader's name.
 * @param limits libFuzzer's options for the time and the seed.
 * @returns The result. The input of a crash is in `build/fuzz/`.
 */
async function fuzz(directory: string, name: string, limits: readonly string[]): Promise<Fuzzed> {
  const found = `${directory}/${name}.corpus`;
  await Deno.mkdir(found, { recursive: true });
  const { success, text } = await call(`${directory}/${name}`, [
    ...limits,
    `-max_len=${LONGEST}`,
    `-dict=${SOURCES}/words.dict`,
    "-timeout=20",
    "-close_fd_mask=0",
    `-artifact_prefix=${ROOT}/${BUILD}/${name}-`,
    found,
    `${SOURCES}/corpus/${name}`,
  ]);
  const done = /^Done .*|^#\d+\s+DONE.*/m.exec(text)?.[0];
  return { name, passed: success, report: success && done !== undefined ? done : text.slice(-4000) };
}

/** Fuzzes with a program in TypeScript, which makes its inputs itself. */
async function fuzzTwins(name: string, { seconds, seed }: Words): Promise<Fuzzed> {
  await build([]);
  const words = [`${seconds}`, `${ROOT}/${BUILD}/${name}-found`, ...seed === undefined ? [] : [`${seed}`]];
  const { success, text } = await call(Deno.execPath(), ["run", "-A", `${SOURCES}/targets/${name}.ts`, ...words]);
  return { name, passed: success, report: text.trim() };
}

interface Words {
  readonly seconds: number;
  /** Undefined for another seed each time. */
  readonly seed: number | undefined;
  readonly names: readonly string[];
}

function parse(args: readonly string[]): Words {
  const names: string[] = [];
  let seconds = HOUR;
  let seed: number | undefined;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    if (word === "--seconds") seconds = Number(args[++i]);
    else if (word === "--seed") seed = Number(args[++i]);
    else names.push(word);
  }
  if (!(seconds > 0)) throw new Error("--seconds: not a number above 0");
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new Error("--seed: not a number");
  return { seconds, seed, names };
}

async function main(args: readonly string[]): Promise<number> {
  const words = parse(args);
  const { seconds, seed, names } = words;
  const twins = await fuzzTargets(".ts");
  const all = [...await fuzzTargets(".c"), ...twins];
  for (const name of names) if (!all.includes(name)) throw new Error(`no reader is called ${name}: ${all.join(" ")}`);
  const wanted = names.length > 0 ? names : all;
  const directory = await buildFuzzers(wanted.filter((name) => !twins.includes(name)), seconds);
  const results = await inParallel(wanted, async (name) => {
    const result = twins.includes(name)
      ? await fuzzTwins(name, words)
      : await fuzz(directory, name, [`-max_total_time=${seconds}`, ...seed === undefined ? [] : [`-seed=${seed}`]]);
    console.log(`${name}: ${result.passed ? "ok: " : "FAILED\n"}${result.report}`);
    return result;
  });
  await Deno.remove(directory, { recursive: true });
  const failed = results.filter(({ passed }) => !passed).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(`fuzz: ${error instanceof Error ? error.message : error}`);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}
