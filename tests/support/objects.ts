/** Reads the object files of `c/`: which function or object of a file uses which of another. Needs binutils. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { COMPILE_FLAGS } from "../../scripts/build.ts";
import { hash } from "../../scripts/files.ts";
import { compileWhole } from "./compile.ts";
import type { Use } from "./layers.ts";
import { run } from "./process.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");
const OBJECTS = join(ROOT, "build", "layers");

/**
 * No function is inlined, and each is in its own section, which names the user of a reference. Without -Og gcc would also
 * compile all functions of headers that the file does not use: an object of 1.7 MB in place of 24 KB.
 */
const FLAGS = [...COMPILE_FLAGS, "-Og", "-fno-inline", "-ffunction-sections", "-fdata-sections"];

/** One object file, from the output of readelf. */
export interface ObjectFile {
  /** The global symbols that it defines. */
  readonly defined: readonly string[];
  /** The section that refers, and the global symbol that it refers to. */
  readonly references: readonly (readonly [section: string, symbol: string])[];
}

/** `.text.NAME` and `.data.rel.ro.local.NAME` are NAME's; `.text` is assembly's. */
export function ownerOf(section: string): string {
  return section.replace(/^\.(?:text|data\.rel\.ro\.local|data\.rel\.local|data\.rel\.ro|data\.rel|data|rodata)\./, "");
}

/**
 * Reads the output of `readelf --wide --symbols --relocs` about one object file.
 *
 * @param text Its lines.
 */
export function parseObject(text: string): ObjectFile {
  const defined: string[] = [];
  const references: [string, string][] = [];
  let section = "";
  for (const line of text.split("\n")) {
    section = /^Relocation section '\.rela(\S+)'/.exec(line)?.[1] ?? section;
    // Offset, info, type, value, name, "+" or "-", addend: sections are named by their dot.
    const reference = /^[0-9a-f]{12,16}\s+[0-9a-f]+\s+R_\S+\s+[0-9a-f]+\s+([^\s.]\S*)/.exec(line)?.[1];
    if (reference !== undefined) references.push([section, reference]);
    // Number, value, size, type, binding, visibility, section (UND: it is another file's), name.
    const symbol = /^\s*\d+:\s+\S+\s+\S+\s+\S+\s+(?:GLOBAL|WEAK)\s+\S+\s+(?!UND)\S+\s+(\S+)/.exec(line)?.[1];
    if (symbol !== undefined) defined.push(symbol);
  }
  return { defined, references };
}

/**
 * @param objects The object files, by the path of their C files.
 * @returns The uses of other files' functions and objects, without the C library's, which no file defines.
 */
export function usesBetween(objects: ReadonlyMap<string, ObjectFile>): Use[] {
  const files = new Map<string, string>();
  for (const [file, { defined }] of objects) for (const symbol of defined) files.set(symbol, file);
  return [...objects].flatMap(([fromFile, { references }]) =>
    references.flatMap(([section, to]) => {
      const toFile = files.get(to);
      return toFile === undefined || toFile === fromFile ? [] : [{ from: ownerOf(section), to, fromFile, toFile }];
    })
  );
}

async function checked(command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, { cwd: ROOT });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}

/** Compiles a file, unless the same text has been compiled before. Returns the path of the object file. */
async function compile(file: string, text: string, common: readonly string[]): Promise<string> {
  const object = join(OBJECTS, `${await hash([...common, file, text])}.o`);
  if (await Deno.stat(object).then(() => true, () => false)) return object;
  await compileWhole(object, ["cc", ...FLAGS, "-c", join("c", file)], { cwd: ROOT });
  return object;
}

/**
 * Compiles files of `c/` and reads their uses of each other.
 *
 * @param texts All files of `c/`, `.c` and `.h`, by their path in it.
 * @throws {Error} with the compiler's words.
 */
export async function readUses(texts: ReadonlyMap<string, string>): Promise<Use[]> {
  const headers = [...texts].filter(([file]) => file.endsWith(".h")).flat();
  const common = [await checked(["cc", "--version"]), ...FLAGS, ...headers];
  const queue = [...texts].filter(([file]) => file.endsWith(".c"));
  const objects = new Map<string, ObjectFile>();
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [file, text] = next;
      const object = await compile(file, text, common);
      objects.set(file, parseObject(await checked(["readelf", "--wide", "--symbols", "--relocs", object])));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return usesBetween(objects);
}
