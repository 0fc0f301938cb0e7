/** tests/support/program_text.ts, and that programs of tests are files: formats, linters and readers see them there. */
import { assert, assertEquals } from "@std/assert";
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";
import { programsOf } from "../support/program_text.ts";
import { findFiles } from "../../scripts/build.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** Lines of Python and of C that TypeScript does not have. One-line programs may stay strings. */
const FOREIGN = [
  /^\s*import \w+(, \w+)*$/,
  /^\s*from \w+ import [\w, *()]+$/,
  /^\s*(def \w+\(.*\)|class \w+.*|for \w+ in .*|try|except\b.*|while .*|with .*):( .*)?$/,
  /^\s*#\s*include [<"]/,
  /["'`](import \w+|from \w+ import)[^"`]*\\n/,
];

Deno.test("no test has a program in Python or C as a string of several lines", async () => {
  const found: string[] = [];
  for (const file of await findFiles("tests", ".ts")) {
    const lines = Deno.readTextFileSync(join(ROOT, file)).split("\n");
    lines.forEach((line, index) => {
      if (FOREIGN.some((pattern) => pattern.test(line))) found.push(`${file}:${index + 1}: ${line}`);
    });
  }
  assertEquals(found, [], "write it to programs/TEST/NAME.py, or NAME.c, beside the test");
});

Deno.test("each program of a test is run by that test, and each module is imported", async () => {
  const texts = async (extension: string) =>
    new Map((await findFiles("tests", extension)).map((file) => [file, Deno.readTextFileSync(join(ROOT, file))]));
  const [tests, programs] = [await texts(".ts"), await texts(".py")];
  const unused = [...programs.keys()].filter((file) => {
    const name = basename(file, ".py");
    const [, folder, test] = /^(tests\/\w+)\/programs\/(?:(\w+)\/)?\w+\.py$/.exec(file) ?? [];
    if (folder === undefined && !file.startsWith("tests/support/python/")) return false; // named by its path
    const runs = [`${folder}/${test}_test.ts`, `${folder}/${test}.ts`].some((one) =>
      tests.get(one)?.includes(`"${name}"`)
    );
    return !runs && ![...programs.values()].some((text) => text.includes(`from ${name} import `));
  });
  assertEquals(unused, []);
});

Deno.test("a program's text has its modules in the place of their imports", () => {
  const text = programsOf(import.meta)("asks");
  assert(!text.includes("from port_files import"));
  assert(text.includes("def files():") && text.trimEnd().endsWith("print(files())"));
});
