/**
 * Counts the words of each sentence in the pages, and prints a line for each page: `words sentences mean above-40
 * page`.
 *
 * Usage: `deno run -A scripts/sentences.ts [--long] [FILE…]`. With `--long`, also prints every sentence of more than 40
 * words. The files may be outside this tree, so that another checkout's pages can be compared.
 */
import { join } from "@std/path/posix";
import { commandManual, libraryManual } from "../lib/help/manual.ts";
import { COMMANDS } from "../lib/commands/table.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");

/** A sentence of more words has to be read twice. */
const LONG = 40;
/** A table's cell of fewer words counts as a name, not as a sentence. */
const CELL_WORDS = 6;

export interface Counts {
  readonly words: number;
  readonly sentences: number;
  readonly long: readonly string[];
}

/** Removes everything but prose: code, pictures, addresses of links, emphasis. Text in backquotes is one word. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/^( *)```[^]*?^ *```$/gm, "\n\n")
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/(`+)(.+?)\1/gs, "Code")
    .replaceAll(/(?<!\w)[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}(?!\w)/g, "");
}

/** @returns The page's blocks of prose: paragraphs, items of lists, cells of tables. */
function blocks(markdown: string): string[] {
  const apart = plain(markdown)
    .replaceAll(/^#.*$/gm, "\n\n")
    .replaceAll(/^ *(?:[-*]|\d+\.) +/gm, "\n\n")
    .replaceAll(/^\|.*\|$/gm, (row) => row.split("|").map((cell) => `\n\n${isShort(cell) ? "" : cell}`).join("\n\n"));
  return apart.split(/\n\s*\n/).map((block) => block.replaceAll(/\s+/g, " ").trim()).filter((block) => block !== "");
}

function isShort(cell: string): boolean {
  return wordsOf(cell).length < CELL_WORDS;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** @returns The page's words and sentences, as a reader counts them. */
export function measure(markdown: string): Counts {
  const sentences = blocks(markdown)
    .flatMap((block) => block.split(/(?<=[.!?][)"”]?) +(?=["“(]*[\p{L}\p{N}])/u))
    .filter((sentence) => wordsOf(sentence).length > 0);
  return {
    words: sentences.reduce((sum, sentence) => sum + wordsOf(sentence).length, 0),
    sentences: sentences.length,
    long: sentences.filter((sentence) => wordsOf(sentence).length > LONG),
  };
}

/** @returns The pages by name: the pages in the tree, and the manual, which is made from `lib/`. */
export function readPages(): Map<string, string> {
  const docs = [...Deno.readDirSync(join(ROOT, "docs"))].map(({ name }) => `docs/${name}`).filter((name) =>
    name.endsWith(".md")
  );
  const files = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.toSorted()];
  return new Map([
    ...files.map((name): [string, string] => [name, Deno.readTextFileSync(join(ROOT, name))]),
    ["unsock(1)", fromRoff(commandManual(COMMANDS))],
    ["libunsock(7)", fromRoff(libraryManual([]))],
  ]);
}

/**
 * Converts the manual's roff source to a page. Lines with other requests than fonts become blank, and so end a
 * paragraph.
 */
function fromRoff(roff: string): string {
  return roff.replaceAll(/^\.nf$[^]*?^\.fi$/gm, "\n\n").replaceAll(/^\.(?:B|I|BR|IR) (.*)$/gm, "$1")
    .replaceAll(/^\..*$/gm, "\n\n").replaceAll(/\\f[BIRP]/g, "").replaceAll(/\\-/g, "-");
}

if (import.meta.main) {
  const showsLong = Deno.args.includes("--long");
  const named = Deno.args.filter((word) => word !== "--long");
  const pages = named.length === 0 ? readPages() : new Map(named.map((name) => [name, Deno.readTextFileSync(name)]));
  for (const [name, text] of pages) {
    const { words, sentences, long } = measure(text);
    const mean = (words / Math.max(1, sentences)).toFixed(1);
    console.log([words, sentences, mean, long.length].map((count) => String(count).padStart(6)).join(""), name);
    if (showsLong) { for (const sentence of long) console.log(`       ${sentence}`); }
  }
}
