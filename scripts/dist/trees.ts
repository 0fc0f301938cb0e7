/** Makes the tree installed below a prefix on each machine, for archives and packages. */
import * as path from "@std/path/posix";
import { RECORD } from "../../lib/install/record.ts";
import { build, compilerIsThere } from "../build.ts";
import { tellStep } from "../progress.ts";
import { ROOT, run } from "./tools.ts";

/** Files as `unsock install` puts them. */
export interface Tree {
  readonly arch: "x86_64" | "aarch64";
  readonly directory: string;
  /** Whether `bin/unsock` is the whole command line; else it is the library, executed. */
  readonly hasProgram: boolean;
}

/** Makes this machine's tree: installs the program, without its record, as each package keeps its own. */
export async function makeOwnTree(directory: string, program: string, library: string): Promise<Tree> {
  await run(program, ["install", "--prefix", directory, "--lib", library]);
  await Deno.remove(path.join(directory, path.dirname(RECORD)), { recursive: true });
  return { arch: Deno.build.arch, directory, hasProgram: true };
}

const MANUAL = "share/man/man7/libunsock.7";

/** @returns The other machine's library; undefined, with a line for the user, when there is no compiler for it. */
export async function buildForeign(): Promise<string | undefined> {
  if (!await compilerIsThere("aarch64")) {
    console.error("compile: nothing for aarch64: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
    return undefined;
  }
  tellStep("the library for aarch64");
  const [library = ""] = await build(["--target=aarch64"]);
  return path.join(ROOT, library);
}

/** Makes the other machine's tree, with this machine's manuals. Its library runs commands even without the program. */
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
