/** `--help`, from the tables of commands and options. Pure. */
import { HELP_OPTION, type Option, optionFlag, optionHelp, type OptionTable } from "../system/options.ts";
import { type Command, PROGRAM, usageOf } from "./command.ts";

const WIDTH = 80;
const INDENT = "  ";

/** @returns `--dir <directory>`, `--log[=<file>]`. */
export function optionTerm(name: string, { value, optional }: Option): string {
  const flag = optionFlag(name);
  if (name === "help") return `${flag}, -h`;
  if (value === undefined) return flag;
  return optional ? `${flag}[=<${value}>]` : `${flag} <${value}>`;
}

/** A term on the left, its meaning on the right, as many lines as it needs. */
function entry(term: string, text: string, column: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && INDENT.length + column + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  const [first = "", ...rest] = [...lines, line];
  const margin = " ".repeat(INDENT.length + column);
  return [`${INDENT}${term.padEnd(column)}${first}`, ...rest.map((text) => margin + text)].join("\n");
}

function section(title: string, entries: readonly (readonly [term: string, text: string])[]): string {
  const column = Math.max(...entries.map(([term]) => term.length)) + 2;
  return `\n${title}:\n${entries.map(([term, text]) => entry(term, text, column)).join("\n")}\n`;
}

function optionSection(options: OptionTable): string {
  const entries = Object.entries({ ...options, help: HELP_OPTION });
  return section("Options", entries.map(([name, option]) => [optionTerm(name, option), optionHelp(option)]));
}

/** @returns What `unsock COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const usage = `Usage: ${PROGRAM.name} ${command.name} ${usageOf(command)}\n\n${command.summary}\n`;
  return usage + optionSection(command.options) + (command.notes === undefined ? "" : `\n${command.notes}\n`);
}

/** @returns What `unsock --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  const names = commands.map((command) => [command.name, command.summary] as const);
  const usage = `Usage: ${PROGRAM.name} ${PROGRAM.usage}\n\n${PROGRAM.summary}\n`;
  return `${usage}${optionSection(PROGRAM.options)}${section("Commands", names)}\n${PROGRAM.notes}\n`;
}
