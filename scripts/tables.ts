/**
 * Makes C's tables of settings, options and commands from the tables of the command line (`lib/run/settings.ts`,
 * `lib/commands/table.ts`), so that each row exists once. `scripts/build.ts` writes them before it compiles.
 */
import { HTTP_OPTIONS, LIBRARY_COMMANDS } from "../lib/library/commands.ts";
import { COMMANDS, PROGRAMS_COMMANDS } from "../lib/commands/table.ts";
import { type Command, usageOf } from "../lib/help/command.ts";
import { fill } from "../lib/help/prose.ts";
import { CONTROL_FILE_VARIABLE, CONTROL_OPTIONS, type ControlOption } from "../lib/control/option_table.ts";
import { RUNNERS } from "../lib/run/runners.ts";
import { LIBRARY, SETTINGS, SETTINGS_OF_OPTION } from "../lib/run/settings.ts";
import { type Option, optionFlag } from "../lib/system/options.ts";

/** In C, `hold` is a form of `run` (`c/program/run.c`). */
const startOf = (name: string) => name === "hold" ? "run" : name;

/**
 * Variables that are no settings: those of the command line, of the tests, and of the library as a program that makes a
 * control file. The library refuses all other variables that begin with `UNSOCK_`.
 */
export const OTHER_NAMES: readonly string[] = [
  LIBRARY.variable,
  "UNSOCK_DEBUG",
  "UNSOCK_MUST_WORK",
  CONTROL_FILE_VARIABLE.name,
  ...Object.values<ControlOption>(CONTROL_OPTIONS).flatMap(({ variable }) => variable?.name ?? []),
];

const text = (value: string) => JSON.stringify(value);

/** `connectTimeoutMs` is `connect_timeout_ms` in C. */
const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function macro(name: string, rows: readonly string[]): string {
  return `#define ${name} \\\n${rows.map((row) => `    ${row}`).join(" \\\n")}\n`;
}

/** Returns the row of one option. For `run`, the row has the variable that the option sets. */
function optionRow(name: string, option: Option, isRun: boolean): string {
  const [setting] = isRun ? SETTINGS_OF_OPTION.get(name) ?? [] : [];
  const kind = option.repeated
    ? "EACH"
    : option.optional
    ? "MAYBE"
    : option.bare !== undefined
    ? "BARE"
    : setting === undefined
    ? "OTHER"
    : setting.option?.choice !== undefined
    ? "CHOICE"
    : option.value === undefined
    ? "SWITCH"
    : "VALUE";
  const words = [optionFlag(name), option.value ?? "", setting?.variable ?? ""].map(text).join(", ");
  return `{${words}, UNSOCK_OPTION_${kind}, ${text(setting?.option?.default ?? "")}},`;
}

function operandOf({ operands, isWrapper }: Command): string {
  const [first] = operands;
  return isWrapper ? "[--] COMMAND [ARG...]" : first?.name ?? "";
}

const WIDTH = 80;
const MARGIN = "    ";

/** Returns the text in lines that fit a terminal. */
function meaning(text: string): string[] {
  return fill(text, WIDTH - MARGIN.length).map((line) => MARGIN + line);
}

/** Returns the lines of the library's usage, without the first line, which has the version. */
function usageLines(commands: readonly Command[]): string[] {
  return [
    ...commands.flatMap((command) => [
      `  libunsock.so ${command.name} ${usageOf(command)}`,
      ...meaning(command.summary),
    ]),
    "  LD_PRELOAD=/path/to/libunsock.so UNSOCK_DIR=DIR COMMAND...",
    ...meaning("the same as run, by variables"),
    "  UNSOCK_FILE=FILE UNSOCK_VSOCK_PORT=PORT libunsock.so",
    ...meaning(
      "make a control file for AF_VSOCK; with UNSOCK_FC_SOCK=PATH too for a Firecracker multiplexer; for AF_TIPC:",
    ),
    "  UNSOCK_FILE=FILE UNSOCK_TIPC_TYPE=N [_ADDRTYPE _SCOPE _LOWER _UPPER] ...",
  ];
}

export function tablesHeader(): string {
  const commands = LIBRARY_COMMANDS.map((name) => {
    const command = [...COMMANDS, ...PROGRAMS_COMMANDS].find((one) => one.name === name);
    if (command === undefined) throw new Error(`no command ${name}`);
    return command;
  });
  // Commands with the same options share their rows.
  const owners = commands.filter((one, at) => commands.findIndex(({ options }) => options === one.options) === at);
  const commandRows = commands.map((command) => {
    const owner = owners.findIndex(({ options }) => options === command.options);
    const first = owners.slice(0, owner).reduce((sum, { options }) => sum + Object.keys(options).length, 0);
    const count = Object.keys(command.options).length;
    const least = command.operands.filter(({ optional }) => !optional).length;
    const most = command.operands.some(({ repeated }) => repeated)
      ? "UNSOCK_OPERANDS_MOST"
      : `${command.operands.length}`;
    const words = `${text(command.name)}, ${text(operandOf(command))}`;
    return `{${words}, ${first}, ${count}, ${command.isWrapper === true}, ${least}, ${most}},`;
  });
  const former = owners.flatMap(({ options }) =>
    Object.entries(options).flatMap(([name, { formerly }]) =>
      formerly === undefined ? [] : [`{${text(optionFlag(formerly))}, ${text(optionFlag(name))}},`]
    )
  );
  const settings = Object.entries(SETTINGS).map(([name, { variable }]) =>
    `SETTING(${text(variable)}, ${snakeCase(name)})`
  );
  return [
    "/* Made by scripts/tables.ts. */\n",
    macro("UNSOCK_SETTING_ROWS", settings),
    macro("UNSOCK_OTHER_VARIABLES", OTHER_NAMES.map((name) => `${text(name)},`)),
    macro(
      "UNSOCK_OPTION_ROWS",
      owners.flatMap(({ name, options }) =>
        Object.entries(options).map(([option, one]) => optionRow(option, one, name === "run"))
      ),
    ),
    macro("UNSOCK_FORMER_OPTIONS", former),
    macro("UNSOCK_COMMAND_ROWS", commandRows),
    macro(
      "UNSOCK_COMMAND_STARTS(START)",
      commands.map(({ name }) => `START(${text(name)}, unsock_${startOf(name)}_start)`),
    ),
    macro("UNSOCK_USAGE", [
      `"libunsock.so " UNSOCK_VERSION ": IP sockets become Unix domain sockets,\\nor AF_VSOCK, AF_TIPC ones\\n\\n"`,
      ...usageLines(commands).map((line) => text(`${line}\n`)),
    ]),
    `#define UNSOCK_HTTP_OPTIONS "${HTTP_OPTIONS.map((flag) => `${flag}\\0`).join("")}"\n`,
    `#define UNSOCK_RUNNERS ${text(RUNNERS.join(","))}\n`,
    `#define UNSOCK_OPTIONS_NEEDED ${Math.max(...commands.map(({ options }) => Object.keys(options).length))}\n`,
  ].join("\n");
}
