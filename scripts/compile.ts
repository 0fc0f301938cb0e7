/**
 * Makes what is shipped: `dist/unsock` and `dist/libunsock.so`, an archive of both with manual pages and completions, one
 * of the library for the other machine, and `SHA256SUMS`.
 *
 * Usage: `deno task compile`. `deno compile` fetches the runtime to put into the binary, `denort`, by itself; without
 * network, DENORT_BIN names one of the same version. SOURCE_DATE_EPOCH dates the files in the archives.
 */
import * as path from "@std/path/posix";
import { VERSION } from "../lib/system/version.ts";
import { build } from "./build.ts";
import { copySources } from "./dist/sources.ts";
import { DIST, pack, ROOT, run, sha256, withStage } from "./dist/tools.ts";
import { makeForeignTree, makeOwnTree, type Tree } from "./dist/trees.ts";

/**
 * What the binary may do, and why: read and write socket files, control files and itself; read the environment; call libc
 * and the library; ask for the kernel's version. It may not open the network or start processes by the runtime's means.
 */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-ffi",
  "--allow-sys=osRelease",
];

async function compileBinary(binary: string): Promise<void> {
  const part = `${binary}.${crypto.randomUUID()}`;
  // The code cache would be a file of a well-known name in /tmp, for anybody to put code into.
  const options = ["--quiet", "--no-code-cache", ...PERMISSIONS];
  // The name by which it is unpacked, so that no start has to find it out.
  await Deno.writeTextFile(
    path.join(ROOT, "build/libunsock.so.sha256"),
    await sha256(path.join(ROOT, "build/libunsock.so")),
  );
  const carried = ["build/libunsock.so", "build/libunsock.so.sha256"];
  await withStage(async (stage) => {
    // Types are the checks' affair, not the user's who compiles.
    const sources = ["--no-check", "--no-lock", "--config", await copySources(stage, carried)];
    const included = carried.flatMap((file) => ["--include", file]);
    const args = ["compile", ...options, ...sources, ...included, "--output", part, "main.ts"];
    await run(Deno.execPath(), args, stage).catch((error) => {
      throw new Error(`${error.message} (without network: DENORT_BIN=FILE, a denort ${Deno.version.deno})`);
    });
  });
  if (await versionOf(part) !== VERSION) {
    await Deno.remove(part);
    const runtime = Deno.env.get("DENORT_BIN") || "denort";
    throw new Error(`${runtime}: what it makes does not run: is it a denort ${Deno.version.deno}?`);
  }
  await Deno.rename(part, binary);
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await new Deno.Command(binary, { args: ["--version"], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** What lies in an archive beside the tree that is installed. */
const BESIDE = ["README.md", "LICENSE", "packaging/install.sh"];

async function makeArchive(name: string, tree: string): Promise<string> {
  return await pack(path.join(DIST, `${name}.tar.gz`), name, [
    ...BESIDE.map((file) => path.join(ROOT, file)),
    ...Array.from(Deno.readDirSync(tree), (entry) => path.join(tree, entry.name)),
  ]);
}

/** Writes `dist/SHA256SUMS`, and prints the names. */
export async function finish(files: readonly string[]): Promise<void> {
  const sums = await Promise.all(files.map(async (file) => `${await sha256(file)}  ${path.basename(file)}\n`));
  await Deno.writeTextFile(path.join(DIST, "SHA256SUMS"), sums.join(""));
  for (const file of [...files, path.join(DIST, "SHA256SUMS")]) console.log(path.relative(ROOT, file));
}

/** What was made: all files in dist/ but the sums, and what is to be installed on each machine. */
export interface Compiled {
  readonly files: readonly string[];
  readonly trees: readonly Tree[];
}

/**
 * Makes the program, the library and the archives.
 *
 * @param stage Where the trees go that are to be installed.
 */
export async function compile(stage: string): Promise<Compiled> {
  await build([]);
  await Deno.mkdir(DIST, { recursive: true });
  const binary = path.join(DIST, "unsock");
  const library = path.join(DIST, "libunsock.so");
  await compileBinary(binary);
  await Deno.copyFile(path.join(ROOT, "build", "libunsock.so"), library);
  const own = await makeOwnTree(path.join(stage, "own"), binary, library);
  const foreign = Deno.build.arch === "x86_64" ? await makeForeignTree(path.join(stage, "foreign"), own) : undefined;
  const archives = [await makeArchive(`unsock-${VERSION}-linux-${Deno.build.arch}`, own.directory)];
  if (foreign) archives.push(await makeArchive(`libunsock-${VERSION}-linux-${foreign.arch}`, foreign.directory));
  return { files: [binary, library, ...archives], trees: foreign ? [own, foreign] : [own] };
}

if (import.meta.main) {
  try {
    await withStage(async (stage) => await finish((await compile(stage)).files));
  } catch (error) {
    console.error(`compile: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
