/**
 * Measures which tests run each file of C, and writes the second table of `tests/README.md`.
 *
 * Usage: `deno task index [TEST…]`, as root, since some tests need it. Runs the named test files, or those not measured
 * yet (an hour or two, one at a time), with a build of the library that records which blocks of its code have run.
 * Ctrl-C ends it after the current test. `build/index` keeps the measurements. A measurement of a file of C is used as
 * long as that file is unchanged.
 */
import * as path from "@std/path/posix";
import { readText } from "../lib/system/files.ts";
import { buildCoveredLibrary, type Coverage, coverageOf } from "../tests/fuzz/calls/coverage.ts";
import { ROOT } from "./bench/rig.ts";
import { findFiles } from "./build.ts";
import { hash } from "./files.ts";
import { LONG } from "./test/choice.ts";
import { type Measured, withIndex } from "./test/tests_index_page.ts";

const PLACE = path.join(ROOT, "build/index");
const TREE = path.join(PLACE, "tree");
const PAGE = path.join(ROOT, "tests/README.md");

/**
 * Folders of `tests/` whose tests run no `libunsock.so` of this machine, or only builds other than
 * `build/libunsock.so`.
 */
const APART = ["aarch64", "compiled", "faults", "kernels", "npm", "proofs", "scripts", "threads", "vm"];

async function output(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: ROOT }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Copies the source tree. The tests of the copy find the library in it, and `build/` of this tree stays as it is. */
async function copyTree(library: string): Promise<void> {
  await Deno.remove(TREE, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const files = (await output("git", "ls-files")).split("\n").filter((name) => name !== "");
  for (const name of files) {
    const to = path.join(TREE, name);
    await Deno.mkdir(path.dirname(to), { recursive: true });
    await Deno.copyFile(path.join(ROOT, name), to);
  }
  await putLibrary(library);
}

/** Puts the library where tests look for it. Runs again after each test, which may have built another one there. */
async function putLibrary(library: string): Promise<void> {
  await Deno.mkdir(path.join(TREE, "build"), { recursive: true });
  for (const name of ["libunsock.so", "libunsock-debug.so"]) {
    await Deno.copyFile(library, path.join(TREE, "build", `${name}.new`));
    await Deno.rename(path.join(TREE, "build", `${name}.new`), path.join(TREE, "build", name));
  }
}

function longestLast(tests: readonly string[]): string[] {
  const isLong = (test: string) => LONG.some((place) => test === place || test.startsWith(`${place}/`));
  return [...tests.filter((test) => !isLong(test)), ...tests.filter(isLong)];
}

/** Runs a test file. Its failures do not matter: the measuring library uses more stack, and makes calls of its own. */
async function runTest(test: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", test],
    cwd: TREE,
    env: { UNSOCK_TEST_BUILT: "1", NO_COLOR: "1" },
  });
  const { stdout } = await command.output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? "";
}

function resultOf(test: string): string {
  return path.join(PLACE, `${test.replaceAll("/", "+")}.json`);
}

/** Returns the stored measurement of a test, for those files of C that are unchanged. */
function readResult(test: string, versions: ReadonlyMap<string, string>): Measured {
  const { files = [] }: Partial<Measured> = JSON.parse(readText(resultOf(test)) ?? "{}");
  return { test, files: files.filter(({ file, version }) => versions.get(file) === version) };
}

function keep(test: string, versions: ReadonlyMap<string, string>, coverage: readonly Coverage[]): void {
  const files = coverage.flatMap(({ file, lines, missed }) => {
    const version = versions.get(file);
    return version === undefined ? [] : [{ file, version, lines, missed }];
  });
  Deno.writeTextFileSync(resultOf(test), JSON.stringify({ test, files }));
}

const library = await buildCoveredLibrary();
await copyTree(library);
const sources = await findFiles("c", ".c");
const versions = new Map(
  await Promise.all(
    sources.map(async (file) => [file, await hash([Deno.readTextFileSync(path.join(ROOT, file))])] as const),
  ),
);
const named = (await output("git", "ls-files", "tests/*_test.ts")).split("\n").filter((file) => file !== "");
const tests = longestLast(named.filter((file) => !APART.includes(file.split("/")[1] ?? "")));
const isKnown = (test: string) => readResult(test, versions).files.length > 0;
const wanted = Deno.args.length > 0 ? Deno.args : tests.filter((test) => !isKnown(test));
const read = await coverageOf(library);
let ended = false;
Deno.addSignalListener("SIGINT", () => ended = true);
for (const [index, test] of wanted.entries()) {
  if (ended) break;
  const summary = await runTest(test);
  keep(test, versions, read());
  await putLibrary(library);
  console.log(`${index + 1} of ${wanted.length}: ${test}: ${summary}`);
}
const measured = tests.map((test) => readResult(test, versions)).filter(({ files }) => files.length > 0);
Deno.writeTextFileSync(PAGE, withIndex(Deno.readTextFileSync(PAGE), sources, measured));
console.log(`${measured.length} of ${tests.length} test files are measured`);
