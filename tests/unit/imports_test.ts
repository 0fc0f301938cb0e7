/** The folders of the command line are layers: a module uses only what stands beside or below it, and none goes in a circle. */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path/posix";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** From the bottom up; `main.ts` stands on top. */
const LAYERS = [
  "lib/system",
  "lib/library",
  "lib/control",
  "lib/run",
  "lib/install",
  "lib/sockets",
  "lib/tap",
  "lib/checks",
  "lib/units",
  "lib/expose",
  "lib/help",
  "lib/commands",
  ".",
];

function modules(directory: string): string[] {
  return Array.from(Deno.readDirSync(join(ROOT, directory))).flatMap(({ name, isDirectory }) => {
    const file = join(directory, name);
    return isDirectory ? modules(file) : name.endsWith(".ts") ? [file] : [];
  });
}

const ALL = ["main.ts", ...modules("lib")].toSorted();

function read(file: string): string {
  return Deno.readTextFileSync(join(ROOT, file));
}

/** The modules that one imports, at its start or later. */
function importsOf(file: string): string[] {
  const matches = read(file).matchAll(/(?:\bfrom |^import |\bimport\()"(\.[^"]+)"/gm);
  return Array.from(matches, ([, name = ""]) => relative(ROOT, join(ROOT, dirname(file), name)));
}

/** The modules on a way back to `file`, if there is one. */
function circleFrom(file: string, way: readonly string[] = [], seen: Set<string> = new Set()): readonly string[] {
  for (const next of importsOf(way.at(-1) ?? file)) {
    if (next === file) return [file, ...way, file];
    if (seen.has(next)) continue;
    seen.add(next);
    const circle = circleFrom(file, [...way, next], seen);
    if (circle.length > 0) return circle;
  }
  return [];
}

Deno.test("every module of the command line lies in a layer", () => {
  assertEquals(ALL.filter((file) => !LAYERS.includes(dirname(file))), []);
});

Deno.test("a module of the command line imports nothing from a higher layer", () => {
  const layer = (file: string) => LAYERS.indexOf(dirname(file));
  const upward = ALL.flatMap((file) =>
    importsOf(file).filter((other) => layer(other) > layer(file)).map((other) => `${file} imports ${other}`)
  );
  assertEquals(upward, []);
});

Deno.test("the imports of the command line make no circle", () => {
  const circles = ALL.map((file) => circleFrom(file)).filter((circle) => circle.length > 0);
  assertEquals(circles.map((circle) => circle.join(" -> ")), []);
});

Deno.test("only main.ts prints errors and exits; exec.ts ends as the program does that it could not become", () => {
  const may = ["main.ts", "lib/library/exec.ts"];
  const exits = /\b(Deno|process)\.(exit|stderr)\b|\bconsole\./;
  assertEquals(ALL.filter((file) => !may.includes(file) && exits.test(read(file))), []);
});

/** Where Deno and Node.js differ; the foreign functions, which Deno alone has; and what calls those. */
const OF_DENO = ["lib/checks/self_checks.ts", "lib/library/ffi.ts", "lib/system/runtime.ts"];

Deno.test("the command line uses modules of node:, which both runtimes have", () => {
  const users = ALL.filter((file) => /\bDeno\./.test(read(file).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "")));
  assertEquals(users, OF_DENO);
});

Deno.test("lib/control uses no API of Deno's alone: Node.js can run it", () => {
  for (const file of ALL.filter((name) => dirname(name) === "lib/control")) {
    const text = read(file).replace(/\/\*.*?\*\//gs, "");
    assertEquals(text.match(/\bDeno\.\w+/g), null, file);
    const foreign = Array.from(text.matchAll(/\bfrom "([^.][^"]*)"/g), ([, name = ""]) => name);
    assertEquals(foreign.filter((name) => !name.startsWith("node:")), [], file);
  }
});

/** All modules that are loaded with one, and the names of packages that they import. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith(".ts")) return seen;
  for (const [, name = ""] of read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gms)) {
    loadedWith(name.startsWith(".") ? relative(ROOT, join(ROOT, dirname(file), name)) : name, seen);
  }
  return seen;
}

Deno.test("expose --http runs on Node.js without a package, and a run of main.ts loads none", () => {
  for (const start of ["lib/run/direct.ts", ...ALL.filter((file) => dirname(file) === "lib/expose")]) {
    const packages = [...loadedWith(start)].filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"));
    assertEquals(packages, [], start);
  }
});

Deno.test("each function, class and constant that lib/ and scripts/ export is used by another file", () => {
  const places = ["main.ts", ...["lib", "scripts", "tests", "packaging"].flatMap(modules)];
  const words = new Map(places.map((file) => [file, new Set(read(file).match(/\w+/g))]));
  const exported = /^export (?:async )?(?:abstract )?(?:function|class|const) (\w+)/gm;
  const unused = places.filter((file) => /^(lib|scripts)\//.test(file)).flatMap((file) =>
    Array.from(read(file).matchAll(exported), ([, name = ""]) => name)
      .filter((name) => !places.some((other) => other !== file && words.get(other)?.has(name)))
      .map((name) => `${file}: ${name}`)
  );
  assertEquals(unused, []);
});

Deno.test("each catch of every error says why in a comment", () => {
  const bare = ["main.ts", ...["lib", "scripts", "packaging"].flatMap(modules)].flatMap((file) =>
    Array.from(read(file).matchAll(/\bcatch \{\n([^\n]*)/g), ([, next = ""]) => `${file}: ${next.trim()}`)
  );
  assertEquals(bare.filter((line) => !line.includes("//")), []);
});
