/**
 * The house in order: a folder of `c/` uses only what stands below it, files do not use each other in circles, and none
 * is long. Read from object files, as a declaration in the wrong place deceives nobody there.
 */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { findFiles } from "../../scripts/build.ts";
import {
  circles,
  describeCircle,
  floors,
  folderOf,
  forbidden,
  graphOf,
  includesOf,
  LAYERS,
  mayUse,
  superfluous,
  type Use,
} from "../support/layers.ts";
import { ownerOf, parseObject, readUses, usesBetween } from "../support/objects.ts";
import { need } from "../support/programs.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const MOST_LINES = 400;
const MOST_FUNCTION_LINES = 50;
const MOST_INCLUDES = 12;
const MOST_FLOORS = 12;
const MOST_FILES_AT_THE_TOP = 4;
const FEWEST_FOLDERS = 8;

/** All C files by their path in `c/`. */
async function sources(): Promise<Map<string, string>> {
  const files = [...await findFiles("c", ".c"), ...await findFiles("c", ".h")];
  return new Map(files.map((file) => [file.slice("c/".length), Deno.readTextFileSync(join(ROOT, file))]));
}

function use(fromFile: string, toFile: string): Use {
  return { from: `f_of_${fromFile}`, to: `g_of_${toFile}`, fromFile, toFile };
}

// --- The rules on made-up graphs -------------------------------------------------------------------------------------

Deno.test("mayUse() lets a folder use itself, what is below, and what lies at the top", () => {
  assert(mayUse("calls", "calls"));
  assert(mayUse("preload", "rt"));
  assert(mayUse("rt", ""));
  for (const [from, to] of [["rt", "rules"], ["options", "files"], ["files", "options"], ["trap", "preload"]]) {
    assert(!mayUse(from ?? "", to ?? ""), `${from} and ${to}`);
  }
  assert(!mayUse("", "rt"), "what all include includes nothing");
  assertMatch(assertThrows(() => mayUse("calls", "misc"), Error).message, /c\/misc\/ is in no layer/);
});

Deno.test("forbidden() names both functions and both files of a use that goes up or aside", () => {
  assertEquals(forbidden([use("calls/a.c", "rt/b.c"), use("rules/a.c", "memory/b.c")]), [
    "f_of_rules/a.c (c/rules/a.c) uses g_of_memory/b.c (c/memory/b.c)",
  ]);
});

/** Files outside `c/files` that remove or move a file by its name, and why that is no name of a port's. */
const REMOVES: Record<string, string> = {
  "process/checkout.c": "links to checkouts, beside the directories that are for them",
  "process/directory_rights.c": "a directory that was just made",
  "process/loopback_name.c": "names of loopbacks, below a lock of their own",
  "process/private.c": "a private directory that nobody uses any more",
  "process/run_directory.c": "a socket of no port, bound to try whether the directory holds any",
  "program/run_map.c": "a control file that this process has locked, by its inode",
};

Deno.test("names in the directory are removed by c/files alone, below its lock", async () => {
  const removes = /unsock_(unlinkat|renameat2?|directory_(unlink|rename\w*))\(/;
  const found = [...await sources()].filter(([file, text]) => !file.startsWith("rt/") && removes.test(text));
  const outside = found.map(([file]) => file).filter((file) => !file.startsWith("files/"));
  assertEquals(outside.toSorted(), Object.keys(REMOVES));
  /** A file elsewhere, where a control file leads, has no directory of ours about it; nor has a control file that is written. */
  const past = found.filter(([, text]) => /unsock_(unlinkat|renameat2?)\(/.test(text)).map(([file]) => file);
  assertEquals(past.filter((file) => file.startsWith("files/")).toSorted(), [
    "files/control_file.c",
    "files/directory.c",
    "files/target_file.c",
  ]);
});

/** Files that give a new descriptor's entry its first flags, which no other thread can change yet. */
const FIRST_FLAGS = ["calls/dispatch.c", "calls/stream.c", "kernel/identify.c"];

Deno.test("the flags of a descriptor's entry change by atomic operations alone: other threads change others", async () => {
  const texts = [...await sources()];
  const changed = texts.filter(([, text]) => /->flags\s*[|&^]=/.test(text)).map(([file]) => file);
  assertEquals(changed, []);
  const given = texts.filter(([, text]) => /entry->flags\s*=(?!=)/.test(text)).map(([file]) => file);
  assertEquals(given.toSorted(), FIRST_FLAGS);
});

Deno.test("circles() finds the shortest way back of each circle, once", () => {
  const uses = [["a", "b"], ["b", "c"], ["c", "a"], ["b", "d"], ["d", "b"], ["e", "a"], ["a", "a"]];
  const graph = graphOf(uses.map(([fromFile = "", toFile = ""]) => ({ fromFile, toFile })));
  assertEquals(circles(graph), [["a", "b", "c"], ["d", "b"]]);
  assertEquals(circles(graphOf([use("a", "b"), use("b", "c"), use("a", "c")])), []);
});

Deno.test("describeCircle() names the functions on the way round", () => {
  assertStrictEquals(
    describeCircle(["a", "b"], [use("a", "b"), use("b", "a")]),
    "f_of_a (c/a) uses g_of_b (c/b), f_of_b (c/b) uses g_of_a (c/a)",
  );
});

Deno.test("floors() counts the files of the longest way down", () => {
  assertStrictEquals(floors(graphOf([use("a", "b"), use("b", "c"), use("a", "c"), use("d", "c")])), 3);
  assertStrictEquals(floors(new Map()), 0);
});

Deno.test("includesOf() reads what is included from the source tree, and not from the system", () => {
  assertEquals(includesOf('#include "rt/sys.h"\n#include <stdio.h>\n  # include "unsock.h"\n'), [
    "rt/sys.h",
    "unsock.h",
  ]);
});

Deno.test("superfluous() names what another header brings along, unless it stands first", () => {
  const texts = new Map([
    ["a.h", ""],
    ["b.h", '#include "a.h"\n'],
    ["c.h", '#include "b.h"\n'],
    ["one.c", '#include "a.h"\n#include "c.h"\n'],
    ["two.c", '#include "c.h"\n#include "a.h"\n'],
    ["d.h", '#include "a.h"\n#include "b.h"\n'],
  ]);
  assertEquals(superfluous(texts), ["c/two.c includes a.h", "c/d.h includes a.h"]);
});

Deno.test("ownerOf() names the function or object of a section", () => {
  assertStrictEquals(ownerOf(".text.unsock_bind"), "unsock_bind");
  assertStrictEquals(ownerOf(".data.rel.ro.local.handlers"), "handlers");
  assertStrictEquals(ownerOf(".text"), ".text");
});

const READELF = `
Relocation section '.rela.text.share' at offset 0x123 contains 3 entries:
    Offset             Info             Type               Symbol's Value  Symbol's Name + Addend
0000000000000021  0000000900000002 R_X86_64_PC32          0000000000000000 unsock_open - 4
0000000000000030  000000040000002a R_X86_64_REX_GOTPCRELX 0000000000000000 getenv - 4
0000000000000042  0000000200000002 R_X86_64_PC32          0000000000000000 .rodata - 4

Symbol table '.symtab' contains 4 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND
     1: 0000000000000000    61 FUNC    LOCAL  DEFAULT    3 share
     8: 0000000000000000    61 FUNC    GLOBAL HIDDEN     5 unsock_bind
     9: 0000000000000000     0 NOTYPE  GLOBAL DEFAULT  UND unsock_open
`;

Deno.test("parseObject() tells which section refers to what, and which global symbols the file has", () => {
  assertEquals(parseObject(READELF), {
    defined: ["unsock_bind"],
    references: [[".text.share", "unsock_open"], [".text.share", "getenv"]],
  });
});

Deno.test("usesBetween() leaves out what is the file's own and what is the C library's", () => {
  const objects = new Map([
    ["calls/bind.c", parseObject(READELF)],
    ["replace/open.c", { defined: ["unsock_open"], references: [[".text.unsock_open", "unsock_open"] as const] }],
  ]);
  assertEquals(usesBetween(objects), [
    { from: "share", to: "unsock_open", fromFile: "calls/bind.c", toFile: "replace/open.c" },
  ]);
});

// --- The house itself ------------------------------------------------------------------------------------------------

Deno.test(
  "no function of a folder uses one of a higher folder, or of one beside it, and no files use each other in a circle",
  {
    ignore: !need("cc"),
  },
  async () => {
    const uses = await readUses(await sources());
    assert(uses.length > 100, "object files were read");
    const wrong = [...new Set(forbidden(uses))];
    assertStrictEquals(
      wrong.length,
      0,
      `the layers are ${LAYERS.map((row) => row.join(" ")).join(" → ")}:\n${wrong.join("\n")}`,
    );
    const round = circles(graphOf(uses)).map((circle) => describeCircle(circle, uses));
    assertStrictEquals(round.length, 0, `files in a circle:\n${round.join("\n")}`);
  },
);

Deno.test("a folder includes only headers of itself and of folders below, none in a circle and few above each other", async () => {
  const texts = await sources();
  const includes = [...texts].flatMap(([fromFile, text]) =>
    includesOf(text).map((name) => ({ fromFile, toFile: texts.has(name) ? name : `${folderOf(fromFile)}/${name}` }))
  );
  for (const { fromFile, toFile } of includes) assert(texts.has(toFile), `c/${fromFile} includes c/${toFile}`);
  const wrong = includes
    .filter(({ fromFile, toFile }) => !mayUse(folderOf(fromFile), folderOf(toFile)))
    .map(({ fromFile, toFile }) => `c/${fromFile} includes c/${toFile}`);
  assertEquals(wrong, []);
  const graph = graphOf(includes);
  assertEquals(circles(graph), []);
  assert(floors(graph) <= MOST_FLOORS, `${floors(graph)} floors of includes`);
});

Deno.test(`no file of C includes more than ${MOST_INCLUDES} others, nor one that another brings along`, async () => {
  const texts = await sources();
  const count = (text: string) => text.split("\n").filter((line) => line.startsWith("#include")).length;
  const many = [...texts].filter(([, text]) => count(text) > MOST_INCLUDES).map(([file]) => `c/${file}`);
  assertEquals([...many, ...superfluous(texts)], []);
});

/** How long each function of a C file is, by its first line. A table of cases counts nothing. */
function functionsOf(text: string): Map<string, number> {
  const lines = text.split("\n");
  const found = new Map<string, number>();
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (/^\w/.test(line)) start = index;
    if (line !== "}") continue;
    const counted = lines.slice(start, index + 1).filter((each) => !/^\s*case \w+:$/.test(each));
    found.set(lines[start] ?? "", counted.length);
  }
  return found;
}

Deno.test("functionsOf() counts from the first line to the brace, without cases", () => {
  assertEquals(
    [...functionsOf(
      "static int f(int a,\n             int b) {\n    switch (a) {\n    case X:\n        return b;\n    }\n}\n",
    )],
    [["static int f(int a,", 6]],
  );
});

Deno.test(`no function of C has more than ${MOST_FUNCTION_LINES} lines`, async () => {
  const long = [...await sources()].flatMap(([file, text]) =>
    [...functionsOf(text)].filter(([, lines]) => lines > MOST_FUNCTION_LINES).map(([name]) => `c/${file}: ${name}`)
  );
  assertEquals(long, []);
});

Deno.test("rules/ cannot make a system call: no header that it includes has one", async () => {
  const texts = await sources();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    includesOf(texts.get(file) ?? "").forEach(visit);
  };
  [...texts.keys()].filter((file) => folderOf(file) === "rules").forEach(visit);
  assertEquals([...seen].filter((file) => /^rt\/(?:sys|syscall6|system_calls|mark)\.h$/.test(file)), []);
});

Deno.test("c/ has its folders, and little beside them", () => {
  const entries = [...Deno.readDirSync(join(ROOT, "c"))];
  const folders = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  assert(folders.length >= FEWEST_FOLDERS, folders.join(" "));
  for (const folder of folders) assert(LAYERS.flat().includes(folder), `c/${folder}/ is in no layer`);
  const files = entries.filter(({ isFile }) => isFile).map(({ name }) => name);
  assert(files.length <= MOST_FILES_AT_THE_TOP, files.join(" "));
});

Deno.test(`no file of code has more than ${MOST_LINES} lines`, async () => {
  const places = ["c", "lib", "scripts", "tests", "bench"];
  const found = places.flatMap((place) => [".c", ".h", ".ts"].map((extension) => findFiles(place, extension)));
  const long = ["main.ts", ...(await Promise.all(found)).flat()]
    .map((file) => ({ file, lines: Deno.readTextFileSync(join(ROOT, file)).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ file, lines }) => `${file}: ${lines}`);
  assertEquals(long, []);
});
