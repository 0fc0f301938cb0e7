/** Describes a command's options, and reads them from a command line. Pure. */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";
import { optionFlag } from "./text.ts";

export { optionFlag };

/**
 * The kind of words that completions offer, from this machine. `port` is a TCP port. The other kinds of port include UDP
 * and addresses: `port/live` leaves out stale ones, `port/file` is a control file's port or a file, `port/program` a port or a program.
 */
export type WordKind =
  | "file"
  | "directory"
  | "port"
  | "port/udp"
  | "port/live"
  | "port/file"
  | "port/program"
  | "group"
  | "user"
  | "program";

/** One option, as help, manual and completions describe it. */
export interface Option {
  /** The name of its value in help; undefined: it takes no value. */
  readonly value?: string;
  /** The value may be missing; a given one follows `=`. */
  readonly optional?: boolean;
  /** The value if none follows: the next word is an option or `--`, or there is none. */
  readonly bare?: string;
  /** It may be given several times, and each counts. */
  readonly repeated?: boolean;
  /** The kind of value, for completions. */
  readonly kind?: WordKind;
  /** Values to choose from; after one that ends with "=" the user types more. */
  readonly choices?: readonly string[];
  /** One line, without the default. */
  readonly help: string;
  /** The default, in words. */
  readonly default?: string;
  /** Its former name in code, which is still accepted. */
  readonly formerly?: string;
}

/** Options by their names in code: `dryRun` is `--dry-run`. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The value of an option: text, texts, or true for one without a value. */
export type OptionValue = string | true | readonly string[];

type ValueOf<O> = O extends { readonly repeated: true } ? readonly string[]
  : O extends { readonly optional: true } ? string | true
  : O extends { readonly value: string } ? string
  : true;

/** Values of the options of a table; undefined: not given. */
export type OptionValues<T> = { readonly [Name in keyof T]?: ValueOf<T[Name]> };

/** A parsed command line. */
export interface ReadOptions {
  readonly values: Readonly<Record<string, OptionValue>>;
  /** The words that are no options, in order. */
  readonly operands: readonly string[];
  /** `--help` was among the options. */
  readonly help: boolean;
}

/** The option of every command. */
export const HELP_OPTION = { help: "print this help" } as const satisfies Option;

/** @returns Its help with the default. */
export function optionHelp({ help, default: otherwise, formerly }: Option): string {
  const more = [
    ...otherwise === undefined ? [] : [`default: ${otherwise}`],
    ...formerly === undefined ? [] : [`formerly ${optionFlag(formerly)}`],
  ];
  return more.length === 0 ? help : `${help} (${more.join("; ")})`;
}

/**
 * Reads the options of a command.
 *
 * @param table The options that it has.
 * @param args The arguments after the command's name.
 * @param stopEarly Whether the options end at the first operand, as before another program's command line.
 * @returns The options and operands given.
 * @throws {UsageError} When an option is unknown, lacks its value, or has one that it does not take.
 */
export function readOptions(table: OptionTable, args: readonly string[], stopEarly: boolean): ReadOptions {
  const names = new Map(Object.entries(table).map(([name, option]) => [optionFlag(name).slice(2), { name, option }]));
  const unknown: string[] = [];
  const cut = args.includes("--") ? args.indexOf("--") : args.length;
  const former = formerFlags(table);
  const read = (arg: string, index: number) =>
    withoutNextWord(withPresentName(arg, former), names, index + 1 < cut ? args[index + 1] : undefined);
  const words = [...withNumbers(args.slice(0, cut).map(read), names), ...args.slice(cut)];
  const parsed = parseArgs(words, {
    string: ["_", "help", ...names.keys()],
    collect: [...names].filter(([, { option }]) => option.repeated).map(([flag]) => flag),
    stopEarly,
    "--": true,
    unknown: (arg, key) => key === undefined || (unknown.push(arg), false),
  });
  const operands = stopEarly ? lastWords(args, parsed._.length, parsed["--"].length) : [...parsed._, ...parsed["--"]];
  if (parsed.help === "") return { values: {}, operands, help: true };
  const values: Record<string, OptionValue> = {};
  for (const [flag, { name, option }] of names) {
    const texts = [parsed[flag] ?? []].flat().map(String);
    if (texts.length > 0) values[name] = checkValue(flag, option, texts);
  }
  const [first] = unknown;
  if (first !== undefined) throw new UsageError(unknownOption(first, [...names.keys(), "help"]));
  return { values, operands, help: false };
}

function formerFlags(table: OptionTable): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([name, { formerly }]): [string, string][] =>
      formerly === undefined ? [] : [[optionFlag(formerly), optionFlag(name)]]
    ),
  );
}

function withPresentName(arg: string, former: ReadonlyMap<string, string>): string {
  const [flag = "", ...value] = arg.split("=");
  const present = former.get(flag);
  return present === undefined ? arg : [present, ...value].join("=");
}

/**
 * Marks an option that takes no value, or has none here: the parser would take a following `true`, as in `run --force true`,
 * for one.
 */
function withoutNextWord(
  arg: string,
  names: ReadonlyMap<string, { readonly option: Option }>,
  next: string | undefined,
): string {
  if (arg === "-h" || arg === "--help") return "--help=";
  const option = arg.startsWith("--") ? names.get(arg.slice(2))?.option : undefined;
  const isBare = option?.bare !== undefined && (next === undefined || /^-./.test(next));
  const takesNext = !isBare && (option === undefined || (option.value !== undefined && option.optional !== true));
  return takesNext ? arg : `${arg}=`;
}

/** Joins a negative number, or `-` for standard output, to its option: the parser would take it for an option. */
function withNumbers(args: readonly string[], names: ReadonlyMap<string, unknown>): readonly string[] {
  return args.flatMap((arg, index) => {
    const takesNumber = (word: string) => word.startsWith("--") && names.has(word.slice(2));
    if (/^-(\d|$)/.test(arg) && takesNumber(args[index - 1] ?? "")) return [];
    const next = args[index + 1] ?? "";
    return takesNumber(arg) && /^-(\d|$)/.test(next) ? [`${arg}=${next}`] : [arg];
  });
}

/**
 * The words from the first operand on, exactly as given: the parser drops the first `--`, which belongs to the command
 * if it follows the command's name.
 */
function lastWords(args: readonly string[], before: number, behind: number): readonly string[] {
  const dashes = before > 0 && args.includes("--") ? 1 : 0;
  return args.slice(args.length - before - dashes - behind);
}

function checkValue(flag: string, option: Option, texts: readonly string[]): OptionValue {
  const text = texts.at(-1) ?? "";
  if (option.value === undefined && text !== "") throw new UsageError(`--${flag}: takes no value: "${text}"`);
  if (option.value === undefined || (option.optional && text === "")) return true;
  if (text === "" && option.bare !== undefined) return option.bare;
  if (texts.includes("")) throw new UsageError(`--${flag}: empty: write --${flag}=${option.value.toUpperCase()}`);
  return option.repeated ? texts : text;
}

function unknownOption(arg: string, flags: readonly string[]): string {
  const [written = arg] = arg.split("=");
  return `unknown option '${written}'${didYouMean(written, flags.map((flag) => `--${flag}`), "see --help")}`;
}
