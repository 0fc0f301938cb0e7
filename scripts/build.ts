/**
 * Compiles `c/` to `build/libunsock.so`.
 *
 * Usage: `deno task build [--debug] [--sanitize] [--yields] [--target=aarch64]`. The variables `CC` (`CC_AARCH64` for
 * the other machine) and `CFLAGS` name the compiler and further flags.
 */
import * as path from "@std/path/posix";
import { exists, hash, identity, produce, writeIfChanged } from "./files.ts";
import { FILTER_SOURCE, filterHeader } from "./filter.ts";
import { tablesHeader } from "./tables.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

/** `docs/architecture.md` has the reason for each flag. */
export const COMPILE_FLAGS = [
  "-std=c17",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-O2",
  "-fPIC",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fvisibility=hidden",
  "-fno-plt",
  "-fasynchronous-unwind-tables",
  "-mgeneral-regs-only",
  "-Ic",
];

/**
 * Flags for optimization across files: without them, calls between the library's small files cost more than the work in
 * them. Only for GCC, as other compilers need their own linker. One partition, because more would need `make`.
 * -fconserve-stack keeps GCC from inlining a function with a large frame into another one: the library's code may run
 * on a small stack.
 */
export const WHOLE_PROGRAM_FLAGS = ["-flto", "-flto-partition=one", "-fconserve-stack"];

/**
 * Files compiled for speed: their functions serve calls that only move bytes, or make each connection's names. In all
 * other files, the system calls cost far more than the code around them.
 */
const FAST = /^c\/((calls|memory|preload|replace|rt|trap)\/|rules\/(address|ip|kernel_name|port_name)\.)/;
const SMALL_FLAG = "-Os";

/** Files compiled without LTO: functions that the compiler itself calls, and code that runs before relocation. */
const APART = ["c/rt/mem.c", "c/program/entry.c"];

const LINK_FLAGS = [
  "-shared",
  "-nostdlib",
  "-Wl,--unresolved-symbols=ignore-all",
  "-Wl,-Bsymbolic", // a program's function of the same name never takes the place of the library's own
  "-Wl,-z,now",
  "-Wl,-z,norelro", // the library relocates itself when it is executed directly
  "-Wl,-z,noexecstack",
  "-Wl,-z,noseparate-code", // saves two mappings, which each fork would copy
  "-Wl,--hash-style=both",
  "-Wl,--build-id=sha1",
  "-Wl,-e,unsock_start",
];

/** With this macro, the library ends the process when an invariant is broken (`c/memory/fds.h`). */
const CHECKED = "-DUNSOCK_CHECKED";

/** For tests: an invalid read or write, or undefined behaviour, ends the process. */
const SANITIZE_FLAGS = [
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
  "-fno-omit-frame-pointer",
  "-g1", // line numbers for the sanitizers' reports
  "-Og",
  CHECKED,
];

/** For tests: gives other threads their turn at random moments. */
const YIELDS_FLAGS = ["-include", "tests/threads/yields.h", "-O1", CHECKED];

/**
 * The sanitizers' libraries. Named because -nostdlib leaves them out; marked as needed, so that they are ready before
 * the library starts.
 */
const SANITIZE_LIBRARIES = ["-Wl,--no-as-needed", "-lasan", "-lubsan"];

/** The target machine, and the tools to build for it. */
export interface Toolchain {
  readonly arch: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly directory: string;
  readonly packages: string;
}

/** An error for the user, without a stack trace. */
class BuildError extends Error {}

/**
 * Compiles atomic operations to instructions, as no library with functions for them is linked. Never uses the register
 * x28, which Go's signal handlers read.
 */
const AARCH64_FLAGS = ["-mno-outline-atomics", "-ffixed-x28"];

function toolchain(target: string | undefined): Toolchain {
  const extra = (Deno.env.get("CFLAGS") ?? "").split(/\s+/).filter((flag) => flag !== "");
  const arch = target ?? Deno.build.arch;
  const flags = [...arch === "aarch64" ? AARCH64_FLAGS : [], ...extra];
  switch (target) {
    case undefined:
      return { arch, compiler: Deno.env.get("CC") || "cc", flags, directory: "build", packages: "gcc libc6-dev" };
    case "aarch64": {
      const packages = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross";
      const compiler = Deno.env.get("CC_AARCH64") || "aarch64-linux-gnu-gcc";
      return { arch, compiler, flags, directory: "build/aarch64", packages };
    }
    default:
      throw new BuildError(`--target: not aarch64: "${target}"`);
  }
}

/**
 * @param directory A path relative to the source tree.
 * @param extension With its dot.
 * @returns The files in the directory and below it, relative to the source tree, sorted.
 */
export async function findFiles(directory: string, extension: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(path.join(ROOT, directory))) {
    const file = `${directory}/${entry.name}`;
    if (entry.isDirectory) files.push(...await findFiles(file, extension));
    else if (entry.name.endsWith(extension)) files.push(file);
  }
  return files.sort();
}

async function runCompiler(tools: Toolchain, args: readonly string[]): Promise<string> {
  const [program = "cc", ...words] = tools.compiler.split(/\s+/);
  const command = new Deno.Command(program, { args: [...words, ...args], cwd: ROOT, stdin: "null" });
  const output = await spawn(command).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BuildError(`C compiler "${program}": not found: apt-get install ${tools.packages} (or set CC)`);
  });
  const messages = new TextDecoder().decode(output.stderr);
  if (!output.success) {
    // If c/ has no such header, it is libc's or the kernel's. Debian's package gcc does not bring these.
    const [, header] = /fatal error: '?([\w./]+\.h)'?(?:: No such file| file not found)/.exec(messages) ?? [];
    if (header !== undefined && !await exists(path.join(ROOT, "c", header))) {
      throw new BuildError(`C library's headers (${header}): not found: apt-get install ${tools.packages}`);
    }
    throw new BuildError(`${tools.compiler} failed:\n${messages.trimEnd()}`);
  }
  if (messages !== "") console.error(messages.trimEnd());
  return new TextDecoder().decode(output.stdout);
}

/** If the program does not exist, `output` throws at once. Here the promise is rejected instead. */
async function spawn(command: Deno.Command): Promise<Deno.CommandOutput> {
  return await command.output();
}

/** Works on all items in parallel. After an error, begins no more items, waits for the others, and throws the error. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await work(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  if (failures.length > 0) throw failures[0];
}

/**
 * Compiles a file, to the same bytes each time: of two concurrent builds, one may link an object while the other
 * compiles it again. The seed is for GCC, which otherwise numbers code for link-time optimization at random.
 *
 * @param object An absolute path. Its last part is the seed.
 */
export async function compile(
  tools: Toolchain,
  flags: readonly string[],
  source: string,
  object: string,
): Promise<void> {
  const seed = `-frandom-seed=${path.basename(object)}`;
  await produce(object, (part) => runCompiler(tools, [...flags, seed, "-c", "-o", part, source]));
}

/**
 * Writes "../build/tables.h" and "../build/filter_MACHINE.h", which files of `c/` include.
 *
 * @param tools The tools for the target machine, by default this one. Their compiler knows the numbers of that
 *   machine's system calls.
 * @returns The text of both files.
 */
export async function writeTables(tools: Toolchain = toolchain(undefined)): Promise<string> {
  await Deno.mkdir(path.join(ROOT, "build"), { recursive: true });
  await writeIfChanged(path.join(ROOT, "build/filter.c"), FILTER_SOURCE);
  const header = tablesHeader();
  const filter = filterHeader(await runCompiler(tools, ["-E", "-P", "-Ic", "build/filter.c"]), tools.arch);
  await writeIfChanged(path.join(ROOT, "build/tables.h"), header);
  await writeIfChanged(path.join(ROOT, `build/filter_${tools.arch}.h`), filter);
  return header + filter;
}

interface Recipe {
  readonly name: string;
  readonly flags: readonly string[];
  /** Flags for optimization across files, for all files except those in `APART`. */
  readonly whole: readonly string[];
  /** Flags for the files that need not be fast. By default, flags that make these files small. */
  readonly slow?: readonly string[];
  readonly libraries?: readonly string[];
  /** One more C file to link, relative to the source tree, and more flags for this file. */
  readonly hook?: readonly [source: string, ...flags: string[]];
}

const LIBRARY: Recipe = { name: "libunsock.so", flags: [], whole: WHOLE_PROGRAM_FLAGS };

/**
 * Lets one build of a library work at a time. The next one finds everything compiled.
 *
 * @param file The lock, which is made if missing. If it cannot be made, `work` runs without it; the error of `work`
 *   then names the file that cannot be written.
 */
async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = await Deno.open(file, { write: true, create: true }).catch(() => undefined);
  try {
    await lock?.lock(true);
    return await work();
  } finally {
    lock?.close();
  }
}

async function buildLibrary(tools: Toolchain, recipe: Recipe): Promise<string> {
  const objectDirectory = path.join(ROOT, tools.directory, "obj");
  await Deno.mkdir(objectDirectory, { recursive: true });
  return await withLock(
    path.join(objectDirectory, `${recipe.name}.lock`),
    () => buildInto(objectDirectory, tools, recipe),
  );
}

async function buildInto(
  objectDirectory: string,
  tools: Toolchain,
  { name, flags: extraFlags, whole, slow = [SMALL_FLAG], libraries = [], hook }: Recipe,
): Promise<string> {
  const sources = await findFiles("c", ".c"), assembly = await findFiles("c", `${tools.arch}.S`);
  const headers = [...await findFiles("c", ".h"), ...await findFiles("c", ".inc")];
  if (sources.length === 0) throw new BuildError("c/: no C sources");
  const version = await runCompiler(tools, ["--version"]);
  const optimize = version.includes("clang") ? [] : whole;
  // The user's flags (`CFLAGS`) come last, so that -fno-lto, for example, overrides earlier ones.
  const apart = [...COMPILE_FLAGS, ...extraFlags, ...tools.flags];
  const flags = [...COMPILE_FLAGS, ...extraFlags, ...optimize, ...tools.flags];
  const read = (file: string) => Deno.readTextFile(path.join(ROOT, file));
  const common = [
    version,
    tools.compiler,
    await writeTables(tools),
    ...headers,
    ...await Promise.all(headers.map(read)),
  ];
  const named = async (source: string, own: readonly string[]) => {
    const name = `${await hash([...common, ...own, source, await read(source)])}.o`;
    return { source, own, object: path.join(objectDirectory, name) };
  };
  const objects = await Promise.all([
    ...sources.map((source) =>
      named(source, [...APART.includes(source) ? apart : flags, ...FAST.test(source) ? [] : slow])
    ),
    ...assembly.map((source) => named(source, ["-Ic", ...tools.flags])),
    ...hook === undefined ? [] : [named(hook[0], [...COMPILE_FLAGS, ...tools.flags, ...hook.slice(1)])],
  ]);
  await inParallel(objects, async ({ source, own, object }) => {
    if (await exists(object)) return;
    await compile(tools, own, source, object);
  });
  const library = path.join(ROOT, tools.directory, name);
  const stamp = path.join(objectDirectory, `${name}.stamp`);
  // Uses paths relative to the tree, so that a copy of the tree has the same stamp.
  const made = [...objects.map(({ object }) => object), ...libraries].map((file) =>
    path.isAbsolute(file) ? path.relative(ROOT, file) : file
  );
  const links = [...flags, ...LINK_FLAGS, ...made];
  const state = await hash([version, ...links]);
  const before = await Deno.readTextFile(stamp).catch(() => "");
  if (before !== `${state} ${await identity(library)}`) {
    await produce(library, (part) => runCompiler(tools, [...links, "-o", part]));
    const after = `${state} ${await identity(library)}`;
    await produce(stamp, (part) => Deno.writeTextFile(part, after));
  }
  return path.relative(ROOT, library);
}

/** Returns whether the compiler for a target is installed. `target` is `aarch64`, or undefined for this machine. */
export async function compilerIsThere(target: string | undefined): Promise<boolean> {
  return await runCompiler(toolchain(target), ["--version"]).then(() => true, () => false);
}

/** Builds the library in another way, into a directory of its own. */
async function buildApart(name: string, tools: Partial<Toolchain>, recipe: Partial<Recipe>): Promise<string> {
  return await buildLibrary({ ...toolchain(undefined), ...tools, directory: `build/${name}` }, {
    ...LIBRARY,
    ...recipe,
  });
}

/**
 * Builds the library with another compiler.
 *
 * @param compiler The compiler's name, as in `CC`.
 * @param flags More flags for it.
 * @returns The library's path, relative to the source tree.
 * @throws {Error} With a message for the user.
 */
export async function buildWith(compiler: string, flags: readonly string[] = []): Promise<string> {
  return await buildApart(compiler, { compiler, flags, packages: compiler }, {});
}

/** Flags by which each block of code calls a function, and each line has blocks of its own. */
const COVERED_FLAGS = ["-fsanitize-coverage=trace-pc", "-g", "-Og"];

/**
 * Builds the library so that it records which blocks of its code have run.
 *
 * @param hook The C file, relative to the source tree, with the function that each block calls.
 * @param define A macro for this file.
 * @returns The library's path, relative to the source tree.
 * @throws {Error} With a message for the user.
 */
export async function buildCovered(hook: string, define: string): Promise<string> {
  return await buildApart("covered", {}, { whole: COVERED_FLAGS, slow: [], hook: [hook, define] });
}

/**
 * Builds the library. Compiles only changed files.
 *
 * @param args `--debug`, `--sanitize`, `--yields`, `--target=aarch64`.
 * @returns Paths of the built files, relative to the source tree.
 * @throws {Error} With a message for the user.
 */
export async function build(args: readonly string[]): Promise<string[]> {
  let target: string | undefined;
  let debug = false;
  let sanitize = false;
  let yields = false;
  for (const arg of args) {
    if (arg === "--debug") debug = true;
    else if (arg === "--sanitize") sanitize = true;
    else if (arg === "--yields") yields = true;
    else if (arg.startsWith("--target=")) target = arg.slice("--target=".length);
    else throw new BuildError(`unknown option "${arg}"`);
  }
  const tools = toolchain(target);
  const libraries = [await buildLibrary(tools, LIBRARY)];
  if (debug) {
    const recipe = { name: "libunsock-debug.so", flags: ["-DUNSOCK_DEBUG", CHECKED, "-g", "-Og"], whole: [], slow: [] };
    libraries.push(await buildLibrary(tools, recipe));
  }
  if (sanitize) {
    const made = { flags: SANITIZE_FLAGS, whole: [], slow: [], libraries: SANITIZE_LIBRARIES };
    const recipe = { name: "libunsock-sanitized.so", ...made };
    libraries.push(await buildLibrary(tools, recipe));
  }
  if (yields) {
    const recipe = { name: "libunsock-yields.so", flags: YIELDS_FLAGS, whole: [], slow: [] };
    libraries.push(await buildLibrary(tools, recipe));
  }
  return libraries;
}

if (import.meta.main) {
  try {
    for (const library of await build(Deno.args)) console.log(library);
  } catch (error) {
    console.error(`build: ${error instanceof BuildError ? error.message : error}`);
    Deno.exit(1);
  }
}
