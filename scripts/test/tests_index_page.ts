/** Makes the table of `tests/README.md`: which tests run each file of C. Does no I/O. */

/** The number of lines of a file of C, and the lines that a test did not run. */
interface MeasuredFile {
  readonly file: string;
  readonly version: string;
  readonly lines: number;
  readonly missed: readonly number[];
}

/** The measurement of one test: the lines of each file of C that it did not run. */
export interface Measured {
  readonly test: string;
  readonly files: readonly MeasuredFile[];
}

/** The mark in the page. Everything below it is generated. */
const BEGIN = "<!-- Made by deno task index. -->";
const SHOWN = 3;
/** Matches a row: the file's name, the percentage of it that ran, and the number of test files. */
const ROW = /^\| (`\S+`) \| (?:(\d+) %|[^|]+?)[^|]* \| (\d+) \|.*$/gm;

function readRow(row: string): { part: number; count: number } {
  const [[, , part = 0, count = 0] = []] = row.matchAll(ROW);
  return { part: Number(part), count: Number(count) };
}

/** Shortens `tests/cli/map_test.ts` to `cli/map`. */
function shortName(test: string): string {
  return test.replace(/^tests\//, "").replace(/_test\.ts$/, "");
}

function rank(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].filter(([, count]) => count > 0).toSorted(([, one], [, other]) => other - one).slice(0, SHOWN);
}

function describe(file: string, measured: readonly Measured[]): string {
  const tests = measured.flatMap(({ test, files }) =>
    files.filter((one) => one.file === file).map((one) => ({
      test: shortName(test),
      lines: one.lines,
      missed: new Set(one.missed),
    }))
  );
  const [first] = tests;
  if (first === undefined) return `| ${nameOf(file)} | not measured | 0 |  |  |`;
  const { lines } = first;
  const without = new Map<number, number>(); // by line, how many tests did not run it
  for (const { missed } of tests) for (const line of missed) without.set(line, (without.get(line) ?? 0) + 1);
  const linesOf = (count: number) => [...without].filter(([, tests]) => tests === count).map(([line]) => line);
  const single = linesOf(tests.length - 1);
  const alone = new Map(tests.map(({ test, missed }) => [test, single.filter((line) => !missed.has(line)).length]));
  const ran = new Map(tests.map(({ test, missed }) => [test, Math.round(100 * (lines - missed.size) / lines)]));
  const all = Math.round(100 * (lines - linesOf(tests.length).length) / lines);
  const most = rank(ran).map(([test, percent]) => `${test} ${percent} %`).join(", ");
  const few = rank(alone).map(([test, count]) => `${test} ${count}`).join(", ");
  return `| ${nameOf(file)} | ${all} % of ${lines} | ${tests.length} | ${most} | ${few} |`;
}

function nameOf(file: string): string {
  return `\`${file.replace(/^c\//, "")}\``;
}

/**
 * @param page The current page. For each C file, the page's row stays if it counts more test files than the new row
 *   and shows that at least as much of the file ran.
 * @param files The files of C.
 * @returns The page, with the new table below the mark `BEGIN`.
 */
export function withIndex(page: string, files: readonly string[], measured: readonly Measured[]): string {
  const [before = "", after = ""] = page.split(BEGIN);
  const former = new Map(Array.from(after.matchAll(ROW), ([row, name = ""]) => [name, row]));
  const rowOf = (file: string) => {
    const before = former.get(nameOf(file)) ?? "", now = describe(file, measured);
    const one = readRow(before), other = readRow(now);
    return one.count > other.count && one.part >= other.part ? before : now;
  };
  return [
    `${before}${BEGIN}`,
    "",
    "| file | all tests run | test files measured | tests that run most of it | lines that one test alone runs |",
    "| --- | --- | --- | --- | --- |",
    ...files.map(rowOf),
    "",
  ].join("\n");
}
