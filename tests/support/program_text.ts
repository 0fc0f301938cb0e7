/** Reads the programs that tests run, mostly in Python: each is a file beside its test. */
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";

/** Modules that programs of several folders import. */
const SHARED = join(dirname(fromFileUrl(import.meta.url)), "python");

const IMPORT = /^from (\w+) import (?:\([^)]*\)|.+)\n/gm;

/**
 * Reads the programs of a test, as text for `python3 -c`: users run them who may not read this tree, also in places
 * without it. For the same reason, the text of an imported module of this tree replaces the import.
 *
 * @param test The test's `import.meta`.
 * @returns A function that reads `programs/TEST/NAME.py` (or a name with another extension), beside `TEST_test.ts`.
 *   Modules are there, in `programs/` if several tests of the folder use them, or in `tests/support/python`.
 */
export function programsOf(test: ImportMeta): (name: string) => string {
  const file = fromFileUrl(test.url);
  const all = join(dirname(file), "programs");
  const own = join(all, basename(file).replace(/(_test)?\.ts$/, ""));
  return (name) =>
    withModules(Deno.readTextFileSync(join(own, name.includes(".") ? name : `${name}.py`)), [own, all, SHARED]);
}

function withModules(text: string, folders: readonly string[]): string {
  return text.replace(IMPORT, (line, module: string) => {
    const file = folders.map((folder) => join(folder, `${module}.py`)).find(isThere);
    return file === undefined ? line : withModules(Deno.readTextFileSync(file), folders);
  });
}

function isThere(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
