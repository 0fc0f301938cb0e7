/** Checks C and Python files without running them: their format, and the findings of analysers. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { need } from "../../tests/support/programs.ts";
import { COMPILE_FLAGS, findFiles, writeTables } from "../build.ts";
import { hash } from "../files.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

/** The directory with an empty file for each analysis that has passed. The same analysis is not repeated. */
const PASSED = path.join(ROOT, "build", "analysed");

/** The header that declares system calls as functions without a body, for the analysers. Its own comment says why. */
const SYSTEM_CALLS = "scripts/ok/sys.h";

const FLAGS = [...COMPILE_FLAGS, "-include", SYSTEM_CALLS, "-o", "/dev/null"];

const CLANG_FLAGS = [
  "--analyze",
  "-Xclang",
  "-analyzer-werror",
  "-Xclang",
  "-analyzer-output=text",
  // Also reports mistakes that follow if a function of the library returns NULL. By default the analyser leaves them
  // out.
  "-Xclang",
  "-analyzer-config",
  "-Xclang",
  "suppress-null-return-paths=false",
  // A quarter of the default, with which the analysis took four minutes of a processor. Now it takes less than one.
  "-Xclang",
  "-analyzer-config",
  "-Xclang",
  "max-nodes=60000",
];

const CPPCHECK = [
  "cppcheck",
  `-j${navigator.hardwareConcurrency}`,
  "--quiet",
  "--error-exitcode=1",
  "--enable=warning,performance,portability",
  "--cppcheck-build-dir=build/analysed", // cppcheck does not repeat an analysis, either
  "--check-level=exhaustive",
  "--inline-suppr",
  "--std=c11", // the newest standard that cppcheck knows
  "-Ic",
  "-D__x86_64__",
  `--include=${SYSTEM_CALLS}`,
  // cppcheck has its own knowledge of the system's headers.
  "--suppress=missingIncludeSystem",
  "c",
];

interface Command {
  readonly words: readonly string[];
  /** The file that shows that the command has passed. */
  readonly passed?: string;
}

/** A check by one command for all files, or by one for each file. */
interface Check {
  readonly name: string;
  readonly program: string;
  readonly commands: () => Promise<readonly Command[]>;
}

async function filesOf(directories: readonly string[], extensions: readonly string[]): Promise<string[]> {
  const found = directories.flatMap((directory) => extensions.map((extension) => findFiles(directory, extension)));
  return (await Promise.all(found)).flat();
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  return new TextDecoder().decode(stdout);
}

/** @returns A command for each C file of the library. Its file in `PASSED` is named by a hash of all that it reads. */
async function analyseEach(program: string, args: readonly string[]): Promise<Command[]> {
  const read = (file: string) => Deno.readTextFile(path.join(ROOT, file));
  const headers = [SYSTEM_CALLS, ...await filesOf(["c"], [".h"])];
  const texts = await Promise.all(headers.map(read));
  const common = [await versionOf(program), ...args, await writeTables(), ...headers, ...texts];
  return await Promise.all((await filesOf(["c"], [".c"])).map(async (file) => ({
    words: [program, ...args, file],
    passed: path.join(PASSED, await hash([...common, file, await read(file)])),
  })));
}

/** The checks, those that fail soonest first. */
const CHECKS: readonly Check[] = [
  {
    name: "C format",
    program: "clang-format-19",
    commands: async () => [{
      words: ["clang-format-19", "--dry-run", "-Werror", ...await filesOf(["c", "tests", "bench"], [".c", ".h"])],
    }],
  },
  {
    name: "Python format",
    program: "black",
    commands: async () => [{
      words: ["black", "--quiet", "--check", "--line-length=120", ...await filesOf(["scripts", "tests"], [".py"])],
    }],
  },
  {
    name: "Python analysis",
    program: "pyflakes3",
    commands: async () => [{ words: ["pyflakes3", ...await filesOf(["scripts", "tests"], [".py"])] }],
  },
  { name: "C analysis by cppcheck", program: "cppcheck", commands: () => Promise.resolve([{ words: CPPCHECK }]) },
  {
    name: "C analysis by gcc",
    program: "gcc",
    commands: () => analyseEach("gcc", [...FLAGS, "-fanalyzer", "-c"]),
  },
  {
    name: "C analysis by clang",
    program: "clang-19",
    commands: () => analyseEach("clang-19", [...FLAGS, ...CLANG_FLAGS]),
  },
];

/** Returns whether a command succeeds, or has succeeded before. */
async function succeeds({ words: [program = "", ...args], passed }: Command): Promise<boolean> {
  if (passed !== undefined && statOrUndefined(passed) !== undefined) return true;
  const { success } = await new Deno.Command(program, { args, cwd: ROOT, stdin: "null" }).spawn().status;
  if (success && passed !== undefined) await Deno.writeTextFile(passed, "");
  return success;
}

/** Runs commands, as many at once as there are processors. Returns false if any of them fails. */
async function runAll(commands: readonly Command[]): Promise<boolean> {
  const queue = [...commands];
  let good = true;
  const worker = async () => {
    for (let command = queue.shift(); command !== undefined; command = queue.shift()) {
      const success = await succeeds(command);
      good &&= success;
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return good;
}

/** Runs a check. Returns null if its program is not installed. */
async function run({ program, commands }: Check): Promise<boolean | null> {
  if (!need(program)) return null;
  await Deno.mkdir(PASSED, { recursive: true });
  return await runAll(await commands());
}

/**
 * The checks, to be run one by one. Each returns whether the code passed, or null if its program is missing.
 *
 * @throws {Error} If UNSOCK_MUST_WORK is 1 and a program is missing; the message names its Debian package.
 */
export const FILE_CHECKS: readonly { readonly name: string; readonly run: () => Promise<boolean | null> }[] = CHECKS
  .map((
    check,
  ) => ({ name: check.name, run: () => run(check) }));
