/** What is put below a prefix on each machine: archives and packages are made of it. */
import * as path from "@std/path/posix";
import { RECORD } from "../../lib/install/record.ts";
import { build, compilerIsThere } from "../build.ts";
import { ROOT, run } from "./tools.ts";

/** Files as `unsock install` puts them. */
export interface Tree {
  readonly arch: "x86_64" | "aarch64";
  readonly directory: string;
  /** Whether `bin/unsock` is the whole command line; else it is the library, executed. */
  readonly hasProgram: boolean;
}

/** This machine's: what the program itself installs, without the record of that: each package keeps its own. */
export async function makeOwnTree(directory: string, program: string, library: string): Promise<Tree> {
  await run(program, ["install", "--prefix", directory, "--lib", library]);
  await Deno.remove(path.join(directory, path.dirname(RECORD)), { recursive: true });
  return { arch: Deno.build.arch, directory, hasProgram: true };
}

const MANUAL = "share/man/man7/libunsock.7";

/** The library alone: the other machine's `denort` is not to be had everywhere. It runs commands by itself. */
export async function makeForeignTree(directory: string, own: Tree): Promise<Tree | undefined> {
  if (!await compilerIsThere("aarch64")) {
    console.error("compile: no library for aarch64: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
    return undefined;
  }
  const [library = ""] = await build(["--target=aarch64"]);
  for (const part of ["bin", "lib", "share/man/man1", path.dirname(MANUAL)]) {
    await Deno.mkdir(path.join(directory, part), { recursive: true });
  }
  await Deno.copyFile(path.join(ROOT, library), path.join(directory, "lib/libunsock.so"));
  await Deno.symlink("../lib/libunsock.so", path.join(directory, "bin/unsock"));
  await Deno.copyFile(path.join(own.directory, MANUAL), path.join(directory, MANUAL));
  await Deno.writeTextFile(
    path.join(directory, "share/man/man1/unsock.1"),
    `.so ${path.relative("share/man", MANUAL)}\n`,
  );
  return { arch: "aarch64", directory, hasProgram: false };
}
