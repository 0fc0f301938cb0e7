/** The results of a benchmark run, as `docs/bench.json` keeps them. */
import { ratio, type Spread, spread } from "./stats.ts";

/** The ways to do the same work: native `AF_UNIX`, loopback, and loopback addresses under unsock. */
export const NATIVE = "unix";
export const LOOPBACK = "tcp";
export const UNSOCK = "unsock";
/** unsock of the commit that `--compare` names. */
export const BEFORE = "before";

/** The speed of the work in one way, and its ratio to the speed in other ways. */
export interface Result {
  readonly variant: string;
  readonly speed: Spread;
  /** Missing if the program has no native way, or if this is the native result. */
  readonly toNative?: Spread;
  readonly toLoopback?: Spread;
  /** Only in unsock's result, if `--compare` names a commit. */
  readonly toBefore?: Spread;
}

export interface Comparison {
  readonly name: string;
  readonly title: string;
  /** The unit of the speeds. A higher number is better. */
  readonly unit: string;
  readonly rounds: number;
  readonly results: readonly Result[];
  readonly failed?: readonly string[];
  /** Remarks that the numbers do not show. */
  readonly notes: readonly string[];
}

/** The factor by which a unit of work takes longer with many sockets than with few, for each way. */
export interface Growth {
  readonly name: string;
  readonly title: string;
  readonly ways: readonly { readonly variant: string; readonly times: Spread }[];
  readonly failed?: readonly string[];
  readonly notes?: readonly string[];
}

export interface Other {
  readonly name: string;
  readonly how: string;
}

/** A count, or a time that is too short for a comparison of speeds. */
export interface Count {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Without the library, or with one that does nothing. */
  readonly without: number;
  readonly with: number;
}

export interface Report {
  readonly machine: string;
  readonly comparisons: readonly Comparison[];
  readonly growth: readonly Growth[];
  readonly counts: readonly Count[];
  readonly others?: readonly Other[];
  readonly compare?: string;
}

/** Sums up the measurements. `samples` has the speeds of each variant, one a round. */
export function compare(
  { name, title, unit, failed = [], notes = [] }:
    & Pick<Comparison, "name" | "title" | "unit">
    & Partial<Pick<Comparison, "failed" | "notes">>,
  samples: ReadonlyMap<string, readonly number[]>,
): Comparison {
  const native = samples.get(NATIVE);
  const loopback = samples.get(LOOPBACK);
  const before = samples.get(BEFORE);
  const results = [...samples].filter(([, speeds]) => speeds.length > 0).map(([variant, speeds]): Result => ({
    variant,
    speed: spread(speeds),
    ...(native && variant !== NATIVE && { toNative: ratio(speeds, native) }),
    ...(loopback && variant !== LOOPBACK && { toLoopback: ratio(speeds, loopback) }),
    ...(before && variant === UNSOCK && { toBefore: ratio(speeds, before) }),
  }));
  const rounds = Math.max(0, ...[...samples.values()].map((speeds) => speeds.length));
  return { name, title, unit, rounds, results, ...(failed.length > 0 && { failed }), notes };
}

/** Formats a number with at least three significant digits, and thousands in groups. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Formats a ratio with its quartiles; "" if there is none. */
function formatRatio(ratio: Spread | undefined): string {
  return ratio ? `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})` : "";
}

export function variantName(variant: string): string {
  switch (variant) {
    case NATIVE:
      return "native AF_UNIX";
    case LOOPBACK:
      return "loopback";
    default:
      return variant;
  }
}

const COMPARISON_HEAD = ["", "way", "speed", "", "to native (quartiles)", "to loopback (quartiles)"];
const CHANGE_HEAD = ["", "speed now to before (quartiles)"];
const GROWTH_HEAD = ["", "way", "times as long (quartiles)"];
const COUNT_HEAD = ["", "without", "with unsock", "difference", ""];

/** Puts the title only into the first of several rows. */
function titled(title: string, rows: readonly string[][]): string[][] {
  return rows.map((row, index) => [index === 0 ? title : "", ...row]);
}

function failedRows(failed: readonly string[] = [], columns: number): string[][] {
  return failed.map((variant) => [variantName(variant), "failed", ...Array<string>(columns).fill("")]);
}

function comparisonRows({ comparisons }: Report): string[][] {
  return comparisons.flatMap(({ title, unit, results, failed }) =>
    titled(title, [
      ...results.map(({ variant, speed, toNative, toLoopback }) => [
        variantName(variant),
        formatNumber(speed.median),
        unit,
        formatRatio(toNative),
        formatRatio(toLoopback),
      ]),
      ...failedRows(failed, 3),
    ])
  );
}

function changeRows({ comparisons }: Report): string[][] {
  return comparisons.flatMap(({ title, results }) =>
    results.filter(({ toBefore }) => toBefore).map(({ toBefore }) => [title, formatRatio(toBefore)])
  );
}

function growthRows({ growth }: Report): string[][] {
  return growth.flatMap(({ title, ways, failed }) =>
    titled(title, [
      ...ways.map(({ variant, times }) => [variantName(variant), formatRatio(times)]),
      ...failedRows(failed, 0),
    ])
  );
}

/** Returns the tables that have rows, each with its head. */
function tablesOf(report: Report): string[][][] {
  const tables = [
    [COMPARISON_HEAD, ...comparisonRows(report)],
    [CHANGE_HEAD, ...changeRows(report)],
    [GROWTH_HEAD, ...growthRows(report)],
    [COUNT_HEAD, ...countRows(report)],
  ];
  return tables.filter((rows) => rows.length > 1);
}

function countRows({ counts }: Report): string[][] {
  return counts.map((count) => [
    count.title,
    formatNumber(count.without),
    formatNumber(count.with),
    formatNumber(count.with - count.without),
    count.unit,
  ]);
}

function notesOf({ comparisons, growth }: Report): string[] {
  return [...comparisons, ...growth].flatMap(({ title, notes = [] }) => notes.map((note) => `${title}: ${note}`));
}

function textTable(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}

function markdownTable([head = [], ...rows]: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export function formatText(report: Report): string {
  return [report.machine, ...tablesOf(report).map(textTable), ...notesOf(report)].join("\n\n");
}

export function formatMarkdown(report: Report): string {
  return [`${report.machine}.`, ...tablesOf(report).map(markdownTable), ...notesOf(report)].join("\n\n");
}
