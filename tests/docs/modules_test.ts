/** Checks that all names in comments and pages exist: modules and files of the tree, and functions of the library. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { findFiles } from "../../scripts/build.ts";
import { LAYERS } from "../support/layers.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const FOLDERS = LAYERS.flat().join("|");
const PAGES = ["CONTRIBUTING.md", "docs/architecture.md", "docs/limits.md", "docs/names.md"];
/** Placeholders for the reader, and the kernel's own files. */
const NOT_OURS = ["lib/commands/NAME.ts", "tests/docs/NAME_test.ts", "kernel/signal.c"];

function isThere(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

/** True if this is a module of the library (without ending), a file or a folder. */
function isNamedRightly(name: string): boolean {
  return NOT_OURS.includes(name) || [`c/${name}`, `c/${name}.c`, `c/${name}.h`, name].some(isThere);
}

async function sources(): Promise<Map<string, string>> {
  const files = [...await findFiles("c", ".c"), ...await findFiles("c", ".h")];
  return new Map(files.map((file) => [file, Deno.readTextFileSync(join(ROOT, file))]));
}

Deno.test("comments of the library name files that are there", async () => {
  const named = new RegExp(`(?<![\\w/])(?:${FOLDERS})/\\w+\\.[ch]\\b`, "g");
  const wrong = [...await sources()].flatMap(([file, text]) =>
    [...new Set(text.match(named) ?? [])].filter((name) => !isNamedRightly(name)).map((name) => `${file}: ${name}`)
  );
  assertEquals(wrong, []);
});

Deno.test("pages for developers name modules, files and functions that are there", async () => {
  const code = [...(await sources()).values()].join("\n");
  const wrong = PAGES.flatMap((page) => {
    const text = Deno.readTextFileSync(join(ROOT, page));
    const files = text.matchAll(new RegExp(`\`((?:(?:c/)?(?:${FOLDERS})|lib|tests|scripts|packaging)/[\\w./]+)`, "g"));
    const functions = text.matchAll(/`(unsock_[a-z_]+)/g);
    return [
      ...Array.from(files, ([, name = ""]) => name).filter((name) => !isNamedRightly(name)),
      ...Array.from(functions, ([, name = ""]) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(code)),
    ].map((name) => `${page}: ${name}`);
  });
  assertEquals(wrong, []);
});
