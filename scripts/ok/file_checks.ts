/** Checks C and Python files without running them: their format, and the findings of analysers. */
import * as path from "@std/path/posix";
import { need } from "../../tests/support/programs.ts";
import { COMPILE_FLAGS, findFiles } from "../build.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

/** Makes system calls opaque functions for the analysers: see there. */
const SYSTEM_CALLS = "scripts/ok/sys.h";

const FLAGS = [...COMPILE_FLAGS, "-include", SYSTEM_CALLS, "-o", "/dev/null"];

const CLANG_FLAGS = [
  "--analyze",
  "-Xclang",
  "-analyzer-werror",
  "-Xclang",
  "-analyzer-output=text",
  // Else a NULL that a function here returned is taken for one that cannot be.
  "-Xclang",
  "-analyzer-config",
  "-Xclang",
  "suppress-null-return-paths=false",
];

const CPPCHECK = [
  "cppcheck",
  `-j${navigator.hardwareConcurrency}`,
  "--quiet",
  "--error-exitcode=1",
  "--enable=warning,performance,portability",
  "--check-level=exhaustive",
  "--inline-suppr",
  "--std=c11", // the newest that it knows
  "-Ic",
  "-D__x86_64__",
  `--include=${SYSTEM_CALLS}`,
  // It brings its own knowledge of the system's headers.
  "--suppress=missingIncludeSystem",
  "c",
];

/** A command for all files at once, or for each. */
interface Check {
  readonly name: string;
  readonly commands: () => Promise<(readonly string[])[]>;
}

async function filesOf(directories: readonly string[], extensions: readonly string[]): Promise<string[]> {
  const found = directories.flatMap((directory) => extensions.map((extension) => findFiles(directory, extension)));
  return (await Promise.all(found)).flat();
}

/** In order of how soon they fail. The first word of a command is the program to install. */
const CHECKS: readonly Check[] = [
  {
    name: "C format",
    commands: async () => [
      ["clang-format-19", "--dry-run", "-Werror", ...await filesOf(["c", "tests", "bench"], [".c", ".h"])],
    ],
  },
  {
    name: "Python format",
    commands: async () => [[
      "black",
      "--quiet",
      "--check",
      "--line-length=120",
      ...await filesOf(["scripts", "tests"], [".py"]),
    ]],
  },
  {
    name: "Python analysis",
    commands: async () => [["pyflakes3", ...await filesOf(["scripts", "tests"], [".py"])]],
  },
  { name: "C analysis by cppcheck", commands: () => Promise.resolve([CPPCHECK]) },
  {
    name: "C analysis by gcc",
    commands: async () => (await filesOf(["c"], [".c"])).map((file) => ["gcc", ...FLAGS, "-fanalyzer", "-c", file]),
  },
  {
    name: "C analysis by clang",
    commands: async () => (await filesOf(["c"], [".c"])).map((file) => ["clang-19", ...FLAGS, ...CLANG_FLAGS, file]),
  },
];

/** Runs commands, as many at once as there are processors; false when one of them has failed. */
async function runAll(commands: readonly (readonly string[])[]): Promise<boolean> {
  const queue = [...commands];
  let good = true;
  const worker = async () => {
    for (let command = queue.shift(); command !== undefined; command = queue.shift()) {
      const [program = "", ...args] = command;
      const { code } = await new Deno.Command(program, { args, cwd: ROOT, stdin: "null" }).spawn().status;
      good &&= code === 0;
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return good;
}

/** Runs a check whose program is here; null: it is not. */
async function run({ commands }: Check): Promise<boolean | null> {
  const all = await commands();
  if (!need(...new Set(all.map(([program = ""]) => program)))) return null;
  return await runAll(all);
}

/**
 * The checks, to be run one by one. Each returns whether the code passed, or null where its program is missing.
 *
 * @throws {Error} naming the Debian package, instead of null, when UNSOCK_MUST_WORK is 1.
 */
export const FILE_CHECKS: readonly { readonly name: string; readonly run: () => Promise<boolean | null> }[] = CHECKS
  .map((
    check,
  ) => ({ name: check.name, run: () => run(check) }));
