/** Describes a command's options, and reads them from a command line. */
import { parseArgs } from "node:util";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";
import { optionFlag } from "./text.ts";

export { optionFlag };

/**
 * The kinds of words that completions find on this machine. `port` is a TCP port; each kind `port/…` also offers UDP
 * ports and, except `port/file`, ports with an address (`PORT@ADDR`). `port/live` leaves out stale ports. `port/file`
 * offers the ports of control files, and all files; `port/program` offers ports and programs.
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
  /** The name of the option's value in help, or undefined if the option takes no value. */
  readonly value?: string;
  /** The option may be given without a value. A given value follows `=`. */
  readonly optional?: boolean;
  /** The value if the option is given without one: before another option, before `--`, or at the end. */
  readonly bare?: string;
  /** The option may be given several times, and each counts. */
  readonly repeated?: boolean;
  readonly kind?: WordKind;
  /** The values to choose from. After a value that ends with "=", the user types more. */
  readonly choices?: readonly string[];
  readonly help: string;
  readonly default?: string;
  /** The option's former name in code, which is still accepted. */
  readonly formerly?: string;
}

/** Options by their names in code: `dryRun` is `--dry-run`. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The value of an option: a text, several texts, or true if the option has no value. */
export type OptionValue = string | true | readonly string[];

type ValueOf<O> = O extends { readonly repeated: true } ? readonly string[]
  : O extends { readonly optional: true } ? string | true
  : O extends { readonly value: string } ? string
  : true;

/** Values of the options of a table; undefined for an option that was not given. */
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

/** @returns The option's help, with its default and former name. */
export function optionHelp({ help, default: otherwise, formerly }: Option): string {
  const more = [
    ...otherwise === undefined ? [] : [`default: ${otherwise}`],
    ...formerly === undefined ? [] : [`formerly ${optionFlag(formerly)}`],
  ];
  return more.length === 0 ? help : `${help} (${more.join("; ")})`;
}

interface Known {
  readonly name: string;
  readonly option: Option;
}

/**
 * Reads the options of a command.
 *
 * @param table The command's options.
 * @param args The arguments after the command's name.
 * @param stopEarly Whether the options end at the first operand, because the operands are another program's command
 *   line.
 * @throws {UsageError} When an option is unknown, lacks its value, or has a value that it does not take.
 */
export function readOptions(table: OptionTable, args: readonly string[], stopEarly: boolean): ReadOptions {
  const known = flagsOf(table);
  const tokens = tokensOf(args, known);
  const end = tokens.find(({ kind }) => kind === "option-terminator" || (stopEarly && kind === "positional"));
  const read = end === undefined ? tokens : tokens.slice(0, tokens.indexOf(end));
  const rest = end === undefined ? [] : args.slice(end.kind === "positional" ? end.index : end.index + 1);
  const operands = [...read.flatMap((token) => token.kind === "positional" ? [token.value] : []), ...rest];
  const texts = new Map<Known, string[]>();
  const unknown: string[] = [];
  for (const token of read) {
    if (token.kind !== "option") continue;
    const [written = "", ...value] = (args[token.index] ?? "").split("=");
    if (["-h", "--help"].includes(written) && value.length === 0) return { values: {}, operands, help: true };
    const one = known.get(written);
    if (one === undefined) unknown.push(written);
    else texts.set(one, [...texts.get(one) ?? [], token.value ?? ""]);
  }
  const values: Record<string, OptionValue> = {};
  for (const one of known.values()) { // in the table's order, in which the library also checks options
    const given = texts.get(one);
    if (given !== undefined) values[one.name] = checkValue(optionFlag(one.name), one.option, given);
  }
  const [first] = unknown;
  if (first === undefined) return { values, operands, help: false };
  throw new UsageError(`unknown option '${first}'${didYouMean(first, [...known.keys(), "--help"], "see --help")}`);
}

/** The options by their present and former flags. */
function flagsOf(table: OptionTable): ReadonlyMap<string, Known> {
  return new Map(
    Object.entries(table).flatMap(([name, option]) => {
      const one = { name, option };
      const names = option.formerly === undefined ? [name] : [name, option.formerly];
      return names.map((each): [string, Known] => [optionFlag(each), one]);
    }),
  );
}

/**
 * Splits the words with `parseArgs`, which takes the word after a long option as the option's value, unless the option
 * has a "=". So adds a "=" to each option that does not take the next word.
 */
function tokensOf(args: readonly string[], known: ReadonlyMap<string, Known>) {
  const isFlag = (arg: string) => /^--[^=]+$/.test(arg);
  const words = args.map((arg, index) =>
    isFlag(arg) && !takesNext(known.get(arg)?.option, args[index + 1]) ? `${arg}=` : arg
  );
  const options = words.filter(isFlag).map((arg) => [arg.slice(2), { type: "string" }] as const);
  return parseArgs({ args: words, options: Object.fromEntries(options), strict: false, tokens: true }).tokens;
}

/**
 * True if the option takes the next word as its value. A word that begins with `-` is no value, except `-` itself and,
 * if the option has no `bare`, a negative number.
 */
function takesNext(option: Option | undefined, next: string | undefined): boolean {
  if (next === undefined || (option !== undefined && (option.value === undefined || option.optional))) return false;
  return !(option?.bare === undefined ? /^-\D/ : /^-./).test(next);
}

function checkValue(flag: string, option: Option, texts: readonly string[]): OptionValue {
  const text = texts.at(-1) ?? "";
  if (option.value === undefined && text !== "") throw new UsageError(`${flag}: takes no value: "${text}"`);
  if (option.value === undefined || (option.optional && text === "")) return true;
  if (text === "" && option.bare !== undefined) return option.bare;
  if (texts.includes("")) throw new UsageError(`${flag}: empty: write ${flag}=${option.value.toUpperCase()}`);
  return option.repeated ? texts : text;
}
