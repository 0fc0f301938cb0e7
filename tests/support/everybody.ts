/** Copies the command line so that every user may run it: only its owner may be able to read the source tree. */
import { copyProgram, writeProgram } from "./dir.ts";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { libraryFile, RUNTIME_CACHE } from "./library.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/**
 * @param dir An existing directory, which everybody can enter from now on.
 * @returns The path of a program `unsock` for all users: the file in UNSOCK_TEST_BINARY, or a copy of the source.
 */
export async function unsockForEverybody(dir: string): Promise<string> {
  const program = join(dir, "unsock");
  Deno.chmodSync(dir, 0o755);
  const binary = Deno.env.get("UNSOCK_TEST_BINARY");
  if (binary) {
    copyProgram(binary, program);
    Deno.chmodSync(program, 0o755);
    return program;
  }
  const tree = join(dir, "tree");
  Deno.mkdirSync(join(tree, "cache", "npm"), { recursive: true });
  Deno.mkdirSync(join(tree, "build"));
  copyProgram(Deno.execPath(), join(tree, "deno"));
  copyProgram(libraryFile(), join(tree, "build", "libunsock.so"));
  const sources = ["main.ts", "lib", "types", "deno.json", "deno.lock"].map((name) => join(ROOT, name));
  await copy(sources, tree);
  await copy([join(RUNTIME_CACHE, "npm", "registry.npmjs.org")], join(tree, "cache", "npm"));
  const words = [join(tree, "deno"), "run", "-A", "--cached-only", join(tree, "main.ts")];
  writeProgram(program, `#!/bin/sh\nDENO_DIR=${tree}/cache exec ${words.join(" ")} "$@"\n`);
  await command("chmod", "-R", "a+rX", dir);
  return program;
}

async function copy(from: readonly string[], to: string): Promise<void> {
  await command("cp", "-r", ...from, to);
}

async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
}
