/** Lays out the text of help and manual: fills paragraphs, and keeps the lines of examples. */

/** A piece of a text: a paragraph; or an example, each line of which begins with two blanks in the text. */
export interface Piece {
  readonly isExample: boolean;
  readonly lines: readonly string[];
}

const EXAMPLE = "  ";

/** @returns The pieces in order; an empty line separates paragraphs. */
export function piecesOf(text: string): Piece[] {
  const pieces: { isExample: boolean; lines: string[] }[] = [];
  let last: { isExample: boolean; lines: string[] } | undefined;
  for (const line of text.split("\n")) {
    const isExample = line.startsWith(EXAMPLE);
    if (line === "") {
      last = undefined;
      continue;
    }
    if (last?.isExample !== isExample) pieces.push(last = { isExample, lines: [] });
    last.lines.push(isExample ? line.slice(EXAMPLE.length) : line);
  }
  return pieces;
}

/** @returns Lines of at most `width` columns; a longer word has a line of its own. */
export function fill(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** @returns The text with its paragraphs filled; an example follows its paragraph without an empty line. */
export function filled(text: string, width: number): string {
  return piecesOf(text).map(({ isExample, lines }, index) => {
    const before = index === 0 ? "" : isExample ? "\n" : "\n\n";
    return before + (isExample ? lines.map((line) => EXAMPLE + line) : fill(lines.join(" "), width)).join("\n");
  }).join("");
}
