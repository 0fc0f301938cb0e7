/** Aligns a table's columns by the cells that a terminal needs for a character. */

/**
 * Characters of two cells: East Asian ones, and pictures. (npm's copy of deno-std's `unicode_width` lacks its data.)
 */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Marks, which need no cell of their own: they change the character before them. */
const NARROW = /\p{M}/u;

function widthOf(text: string): number {
  return Array.from(text).reduce((width, char) => width + (WIDE.test(char) ? 2 : NARROW.test(char) ? 0 : 1), 0);
}

/** @returns A line for each row; blanks at its end are cut. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  return rows.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))).join("  ").trimEnd()
  );
}

/** @returns `2026-12-01 14:31`, local time; `-` if it is not known. */
export function formatMinute(time: Date | undefined): string {
  if (time === undefined) return "-";
  const two = (number: number) => `${number}`.padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
