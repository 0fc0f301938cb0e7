/**
 * Makes the release files: `dist/unsock` and `dist/libunsock.so`, an archive of both with manual pages and completions,
 * an archive for the other machine, and `SHA256SUMS`. `dist/` is complete or unchanged, even if a signal ends this
 * program.
 *
 * Usage: `deno task compile`. `deno compile` fetches the runtime for the binary (`denort`) itself. Without network,
 * DENORT_BIN names a denort of the same version, and DENORT_BIN_AARCH64 the other machine's. If only DENORT_BIN is set,
 * the other machine's archive has only the library. SOURCE_DATE_EPOCH dates the files in the archives.
 */
import * as path from "@std/path/posix";
import { SMALL_HEAP } from "../lib/system/heap.ts";
import { VERSION } from "../lib/system/version.ts";
import { bundleStart } from "./dist/bundle.ts";
import { copySources } from "./dist/sources.ts";
import { makeDist, pack, ROOT, run, sha256, withStage } from "./dist/tools.ts";
import { buildForeign, buildOwn, machines, makeForeignTree, makeOwnTree, type Tree } from "./dist/trees.ts";
import { interrupted, untilInterrupted } from "./interruption.ts";
import { expectSteps, tellStep } from "./progress.ts";

/**
 * The binary has all permissions of its user: it executes the library, calls its functions, serves `expose --http`, and
 * reads /proc. The runtime opens /proc only to programs with every permission.
 */
const PERMISSIONS = ["--no-prompt", "--allow-all"];

interface Target {
  readonly arch: Tree["arch"];
  readonly library: string;
  /** The runtime for the binary; if empty, `deno compile` fetches it. */
  readonly runtime: string;
}

/** Returns the runtime for a machine. Undefined for the other machine if the user has named only this machine's. */
function runtimeFor(arch: Tree["arch"]): string | undefined {
  const own = Deno.env.get("DENORT_BIN") ?? "";
  if (arch === Deno.build.arch) return own;
  return Deno.env.get(`DENORT_BIN_${arch.toUpperCase()}`) || (own === "" ? "" : undefined);
}

/**
 * Matches the version in the user agent of `fetch`, a text in each runtime. The binary begins with the runtime, so the
 * first match is the runtime's.
 */
const RUNTIME_VERSION = /Deno\/(\d+\.\d+\.\d+)/;

/**
 * Checks the runtime's version. A runtime of another version would start the program, but fail wherever the two differ,
 * such as in `expose --http`.
 *
 * @throws {Error} If the binary has a runtime of another version than this Deno's.
 */
async function checkRuntime(binary: string): Promise<void> {
  const [, version] = RUNTIME_VERSION.exec(new TextDecoder("latin1").decode(await Deno.readFile(binary))) ?? [];
  if (version === undefined || version === Deno.version.deno) return;
  throw new Error(`the runtime is a denort ${version}, and this is Deno ${Deno.version.deno}`);
}

async function compileBinary({ arch, library, runtime }: Target, binary: string): Promise<void> {
  // No code cache: it would be a file with a well-known name in /tmp, into which anybody could put code.
  tellStep(`the program for ${arch}`);
  const options = ["--quiet", "--no-code-cache", `--v8-flags=${SMALL_HEAP}`, ...PERMISSIONS];
  await withStage(async (stage) => {
    // Stores the library's hash, which the unpacked file has in its name, so that no start has to compute it.
    const sum = path.join(stage, "sum");
    await Deno.writeTextFile(sum, await sha256(library));
    const carried = { "build/libunsock.so": library, "build/libunsock.so.sha256": sum };
    const tree = path.join(stage, "tree");
    // Types are checked by `deno task ok`, not here.
    const sources = ["--no-check", "--no-lock", "--config", await copySources(tree, carried)];
    const included = Object.keys(carried).flatMap((file) => ["--include", file]);
    const target = ["--target", `${arch}-unknown-linux-gnu`, "--output", binary, await bundleStart(tree)];
    const args = ["compile", ...options, ...sources, ...included, ...target];
    const compiled = run(Deno.execPath(), args, tree, { DENORT_BIN: runtime }).then(() => checkRuntime(binary));
    await compiled.catch((error) => {
      throw new Error(`${error.message} (without network: DENORT_BIN=FILE, a denort ${Deno.version.deno})`);
    });
  });
}

/** @throws {Error} When this machine cannot run the binary, or its version is wrong. */
async function tryBinary(binary: string): Promise<void> {
  if (await versionOf(binary) === VERSION) return;
  const runtime = Deno.env.get("DENORT_BIN") || "denort";
  throw new Error(`${runtime}: what it makes does not run: is it a denort ${Deno.version.deno}?`);
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await new Deno.Command(binary, { args: ["--version"], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

/**
 * Compiles the other machine's program. Without its runtime, the machine's archive and packages have only the library;
 * a line tells the user.
 *
 * @param binary The path of the program.
 * @returns Whether the program could be made.
 */
async function compileForeign(library: string, binary: string): Promise<boolean> {
  const runtime = runtimeFor("aarch64");
  const why = runtime === undefined
    ? `DENORT_BIN_AARCH64=FILE names a denort ${Deno.version.deno} for it`
    : await compileBinary({ arch: "aarch64", library, runtime }, binary).then(() => undefined, reasonOf);
  if (why === undefined) return true;
  interrupted.throwIfAborted();
  console.error(`compile: for aarch64 the library alone, without the program: ${why}`);
  return false;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const BESIDE = ["README.md", "LICENSE", "packaging/install.sh"];

async function makeArchive(out: string, { arch, directory, hasProgram }: Tree): Promise<void> {
  const name = `${hasProgram ? "" : "lib"}unsock-${VERSION}-linux-${arch}`;
  tellStep(`${name}.tar.gz`);
  await pack(path.join(out, `${name}.tar.gz`), name, [
    ...BESIDE.map((file) => path.join(ROOT, file)),
    ...Array.from(Deno.readDirSync(directory), (entry) => path.join(directory, entry.name)),
  ]);
}

/** The steps for one machine: library, program and archive. */
const STEPS_OF_MACHINE = 3;

/**
 * Makes the program, the library and the installed tree of this machine.
 *
 * @param out The directory for program and library.
 * @param stage The directory for the tree.
 */
export async function makeOwn(out: string, stage: string): Promise<Tree> {
  const [binary, library] = [path.join(out, "unsock"), path.join(out, "libunsock.so")];
  await Deno.copyFile(await buildOwn(), library);
  await compileBinary({ arch: Deno.build.arch, library, runtime: runtimeFor(Deno.build.arch) ?? "" }, binary);
  await tryBinary(binary);
  return await makeOwnTree(path.join(stage, "own"), binary, library);
}

/** Makes the program, the library and the archives. Returns the installed tree of each machine. */
export async function compile(out: string, stage: string): Promise<Tree[]> {
  const own = await makeOwn(out, stage);
  const trees = [own];
  const foreign = await buildForeign();
  if (foreign !== undefined) {
    const program = path.join(stage, "program");
    const files = { library: foreign, program: await compileForeign(foreign, program) ? program : undefined };
    trees.push(await makeForeignTree(path.join(stage, "foreign"), own, files));
  }
  for (const tree of trees) await makeArchive(out, tree);
  return trees;
}

/**
 * Makes `dist/` anew, with `SHA256SUMS` of all files, and prints the files' names.
 *
 * @param fill Puts the files into its first argument, a directory; its second one is a directory for temporary files.
 */
export async function ship(fill: (out: string, stage: string) => Promise<unknown>): Promise<void> {
  const files = await makeDist(async (out) => {
    await withStage((stage) => fill(out, stage));
    tellStep("SHA256SUMS");
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).toSorted();
    const sums = await Promise.all(names.map(async (name) => `${await sha256(path.join(out, name))}  ${name}\n`));
    await Deno.writeTextFile(path.join(out, "SHA256SUMS"), sums.join(""));
  });
  for (const file of files) console.log(path.relative(ROOT, file));
}

async function compileAll(out: string, stage: string): Promise<void> {
  expectSteps(machines().length * STEPS_OF_MACHINE + 1);
  await compile(out, stage);
}

if (import.meta.main) {
  try {
    await untilInterrupted(() => ship(compileAll));
  } catch (error) {
    console.error(`compile: ${reasonOf(error)}`);
    Deno.exit(1);
  }
}
