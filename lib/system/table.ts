/** Aligns a table's columns by the width of their characters on a terminal. */

/** Characters that a terminal shows two cells wide. (npm's copy of deno-std's `unicode_width` lacks its data.) */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Combining marks, which a terminal shows in the cell of the character before them. */
const NARROW = /\p{M}/u;

function widthOf(text: string): number {
  return Array.from(text).reduce((width, char) => width + (WIDE.test(char) ? 2 : NARROW.test(char) ? 0 : 1), 0);
}

/** @returns One line for each row, without blanks at the end. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  return rows.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))).join("  ").trimEnd()
  );
}

/** @returns The local time, such as `2026-12-01 14:31`; `-` if `time` is undefined. */
export function formatMinute(time: Date | undefined): string {
  if (time === undefined) return "-";
  const two = (number: number) => `${number}`.padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
