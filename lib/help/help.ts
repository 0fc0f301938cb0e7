/** `--help`, from the tables of commands and options. */
import { type Option, optionFlag, optionHelp, type OptionTable } from "../system/options.ts";
import { type Command, PROGRAM, usageOf } from "./command.ts";
import { groupOptions } from "./option_groups.ts";
import { fill, filled } from "./prose.ts";

const WIDTH = 80;
const INDENT = "  ";

/** @returns The option as help shows it: `--dir <directory>`, `--log[=<file>]`. */
export function optionTerm(name: string, { value, optional, bare }: Option): string {
  const flag = optionFlag(name);
  if (name === "help") return `${flag}, -h`;
  if (value === undefined) return flag;
  if (bare !== undefined) return `${flag} [<${value}>]`;
  return optional ? `${flag}[=<${value}>]` : `${flag} <${value}>`;
}

/** Returns the lines of an entry: the term on the left, its meaning on the right. */
function entry(term: string, text: string, column: number): string {
  const [first = "", ...rest] = fill(text, WIDTH - INDENT.length - column);
  const margin = " ".repeat(INDENT.length + column);
  return [`${INDENT}${term.padEnd(column)}${first}`, ...rest.map((text) => margin + text)].join("\n");
}

type Entry = readonly [term: string, text: string];

/** Returns the column in which the meanings begin: two blanks behind the longest term. */
function columnOf(entries: readonly Entry[]): number {
  return Math.max(...entries.map(([term]) => term.length)) + 2;
}

function section(title: string, entries: readonly Entry[], column = columnOf(entries)): string {
  return `\n${title}:\n${entries.map(([term, text]) => entry(term, text, column)).join("\n")}\n`;
}

function optionSection(options: OptionTable): string {
  const groups = groupOptions(options).map(({ title, options }) => ({
    title,
    entries: options.map(([name, option]): Entry => [optionTerm(name, option), optionHelp(option)]),
  }));
  const column = columnOf(groups.flatMap(({ entries }) => entries));
  return groups.map(({ title, entries }) => section(title, entries, column)).join("");
}

/** @returns The text of `unsock COMMAND --help`. */
export function commandHelp(command: Command): string {
  const usage = `Usage: ${PROGRAM.name} ${command.name} ${usageOf(command)}\n\n${filled(command.summary, WIDTH)}\n`;
  const notes = command.notes === undefined ? "" : `\n${filled(command.notes, WIDTH)}\n`;
  return usage + optionSection(command.options) + notes;
}

/** @returns The text of `unsock --help`. */
export function programHelp(commands: readonly Command[]): string {
  const names = commands.map((command) => [command.name, command.summary] as const);
  const usage = `Usage: ${PROGRAM.name} ${PROGRAM.usage}\n\n${PROGRAM.summary}\n`;
  return `${usage}${optionSection(PROGRAM.options)}${section("Commands", names)}\n${filled(PROGRAM.notes, WIDTH)}\n`;
}
