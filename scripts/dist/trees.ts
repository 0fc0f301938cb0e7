/** Makes the tree of installed files for each machine, for archives and packages. */
import * as path from "@std/path/posix";
import { RECORD } from "../../lib/install/record.ts";
import { build, compilerIsThere } from "../build.ts";
import { tellStep } from "../progress.ts";
import { ROOT, run } from "./tools.ts";

/** The files of `unsock install` below a prefix. */
export interface Tree {
  readonly arch: "x86_64" | "aarch64";
  readonly directory: string;
  /** Whether `bin/unsock` is the whole command line; else it is only the library. */
  readonly hasProgram: boolean;
}

/**
 * Makes this machine's tree with the program's `install`. Removes install's record of the files, since packages have
 * records of their own.
 */
export async function makeOwnTree(directory: string, program: string, library: string): Promise<Tree> {
  await run(program, ["install", "--prefix", directory, "--lib", library]);
  await Deno.remove(path.join(directory, path.dirname(RECORD)), { recursive: true });
  return { arch: Deno.build.arch, directory, hasProgram: true };
}

const MANUAL = "share/man/man7/libunsock.7";

export interface BuiltLibrary {
  readonly arch: Tree["arch"];
  readonly file: string;
}

/** The machines for which files are made: on x86-64, this one and aarch64; on aarch64, only this one. */
export function machines(): readonly Tree["arch"][] {
  return Deno.build.arch === "x86_64" ? ["x86_64", "aarch64"] : ["aarch64"];
}

export async function buildOwn(): Promise<string> {
  tellStep(`the library for ${Deno.build.arch}`);
  const [built = ""] = await build([]);
  return path.join(ROOT, built);
}

export async function buildLibraries(): Promise<BuiltLibrary[]> {
  const own: BuiltLibrary = { arch: Deno.build.arch, file: await buildOwn() };
  const foreign = await buildForeign();
  return foreign === undefined ? [own] : [own, { arch: "aarch64", file: foreign }];
}

/** @returns The other machine's library; undefined if this is no x86-64 machine, or without a compiler for it. */
export async function buildForeign(): Promise<string | undefined> {
  if (Deno.build.arch !== "x86_64") return undefined;
  if (!await compilerIsThere("aarch64")) {
    console.error("compile: nothing for aarch64: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
    return undefined;
  }
  tellStep("the library for aarch64");
  const [library = ""] = await build(["--target=aarch64"]);
  return path.join(ROOT, library);
}

/** Makes the other machine's tree, with this machine's manuals. Even without the program, its library runs commands. */
export async function makeForeignTree(
  directory: string,
  own: Tree,
  { library, program }: { library: string; program?: string },
): Promise<Tree> {
  if (program === undefined) await describeLibrary(directory, own);
  else await run("cp", ["-a", own.directory, directory]);
  for (const [to, from] of [["lib/libunsock.so", library], ["libexec/unsock", program]] as const) {
    if (from !== undefined) await Deno.copyFile(from, path.join(directory, to));
  }
  return { arch: "aarch64", directory, hasProgram: program !== undefined };
}

async function describeLibrary(directory: string, own: Tree): Promise<void> {
  for (const part of ["bin", "lib", "share/man/man1", path.dirname(MANUAL)]) {
    await Deno.mkdir(path.join(directory, part), { recursive: true });
  }
  await Deno.symlink("../lib/libunsock.so", path.join(directory, "bin/unsock"));
  await Deno.copyFile(path.join(own.directory, MANUAL), path.join(directory, MANUAL));
  const page = `.so ${path.relative("share/man", MANUAL)}\n`;
  await Deno.writeTextFile(path.join(directory, "share/man/man1/unsock.1"), page);
}
