/** Names in C: a stack trace shows a function's name alone, and often without its file. */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { findFiles } from "../../scripts/build.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** The static functions and objects that a C file defines or declares outside of functions. */
function staticNames(text: string): Set<string> {
  const code = text.replace(/\/\*.*?\*\//gs, "").replace(/__attribute__\(\(.*?\)\)\)? */g, "");
  const names = new Set<string>();
  for (const match of code.matchAll(/^(?:\w+ )*static ((?:[^;={(]|\(\*)*)/gm)) {
    const declared = match[1] ?? "";
    // An object of a type that is defined with it has its name behind that.
    const behind = /\b(?:struct|union|enum)(?: \w+)? *$/.test(declared)
      ? /^\} (.*?)[;=]/m.exec(code.slice(match.index))?.[1]
      : undefined;
    for (const one of (behind ?? declared).split(",")) {
      const [, name] = /(\w+)(?:\[[^\]]*\])*\)?\s*$/.exec(one) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

Deno.test("staticNames() finds functions, tables, pointers to functions, and several objects in one line", () => {
  const text = [
    "static long take_lock(int fd, static_int x) {\n    static int inner;\n}",
    "UNSOCK_OWN_FRAME static const struct a *find_a(\n    int b) {",
    "__attribute__((constructor)) static void start_process(void) {",
    "static UNSOCK_TABLE struct a *kept[KEPT];",
    "static unsigned kept_count, next_try;",
    "static int (*real_open)(const char *path, int flags);",
    "static struct {\n    int x;\n} first, second[2] = {0};",
    "static struct tag {\n    int x;\n} third;",
    "/* static int none; */",
    "struct a { int x; };\nint shown(void);",
  ].join("\n");
  assertEquals([...staticNames(text)], [
    "take_lock",
    "find_a",
    "start_process",
    "kept",
    "kept_count",
    "next_try",
    "real_open",
    "first",
    "second",
    "third",
  ]);
});

Deno.test("no two files of C have a static function or object of one name", async () => {
  const places = new Map<string, string[]>();
  for (const file of [...await findFiles("c", ".c"), ...await findFiles("c", ".h")]) {
    for (const name of staticNames(Deno.readTextFileSync(join(ROOT, file)))) {
      places.set(name, [...places.get(name) ?? [], file]);
    }
  }
  assertEquals([...places].filter(([, files]) => files.length > 1), []);
});
