/** Options of `unsock run` and `unsock env` -> the environment that the library reads. Pure. */
import type { Environ } from "../system/environ.ts";
import { UsageError } from "../system/errors.ts";
import { optionFlag, type OptionValue } from "../system/options.ts";
import { SettingError } from "./setting_types.ts";
import {
  NO_CHOICE,
  parseSettings,
  type Setting,
  SETTING_LIST,
  type SettingOptions,
  type Settings,
  SETTINGS_OF_OPTION,
} from "./settings.ts";

/**
 * Changes `environ` to what the command is to see: the caller's variables, what the options say, the defaults, and the
 * library in front of `LD_PRELOAD`.
 *
 * @param environ Changed in place.
 * @param options Given options; those not given leave the caller's variables alone.
 * @param directory Absolute path of the socket files.
 * @param library Absolute path of `libunsock.so`.
 * @returns The settings as the library will read them.
 * @throws {UsageError} When an option or a variable cannot be read.
 */
export function applySettings(
  environ: Environ,
  options: SettingOptions,
  directory: string,
  library: string,
): Settings {
  const given: Readonly<Record<string, OptionValue | undefined>> = { ...options, dir: directory };
  for (const [name, settings] of SETTINGS_OF_OPTION) {
    const [first] = settings;
    if (first?.option?.choice !== undefined) choose(environ, name, settings, given[name]);
    else if (first !== undefined) set(environ, name, first, given[name]);
  }
  preload(environ, library);
  return check(environ, given);
}

function set(environ: Environ, name: string, { variable, type, option }: Setting<unknown>, value?: OptionValue): void {
  if (value === "") throw new UsageError(`${optionFlag(name)}: empty`);
  const unset = environ.getFilled(variable) === undefined;
  const bare = type.value === undefined ? "1" : option?.bare;
  const text = value === true ? bare : value ?? (unset ? option?.default : undefined);
  if (text !== undefined) environ.set(variable, `${text}`);
}

/** Turns one of several switches on, and the others off. */
function choose(environ: Environ, name: string, settings: readonly Setting<unknown>[], value?: OptionValue): void {
  const isChosen = settings.some(({ variable }) => environ.getFilled(variable) !== undefined);
  if (value === undefined && isChosen) return;
  const words = settings.map(({ option }) => option?.choice ?? "");
  const choice = value ?? settings[0]?.option?.default ?? NO_CHOICE;
  if (choice !== NO_CHOICE && !words.includes(`${choice}`)) {
    throw new UsageError(`${optionFlag(name)}: neither ${words.join(", ")} nor ${NO_CHOICE}: "${choice}"`);
  }
  for (const { variable } of settings) environ.delete(variable);
  const chosen = settings.find(({ option }) => option?.choice === choice);
  if (chosen !== undefined) environ.set(chosen.variable, "1");
}

function preload(environ: Environ, library: string): void {
  const before = environ.getFilled("LD_PRELOAD");
  const others = before?.split(/[\s:]+/).filter((entry) => entry !== "" && entry !== library) ?? [];
  // Untouched where it can be: a linker that reads it sees the very same text.
  const rest = before?.split(/[\s:]+/).includes(library) ? others.join(":") : before;
  environ.set("LD_PRELOAD", rest ? `${library}:${rest}` : library);
}

/** A message names what the user wrote: the option, or the variable. */
function check(environ: Environ, given: Readonly<Record<string, OptionValue | undefined>>): Settings {
  try {
    return parseSettings((name) => environ.get(name));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const name = SETTING_LIST.find(({ variable }) => variable === error.variable)?.option?.name;
    if (name === undefined || given[name] === undefined) throw error;
    throw new UsageError(`${optionFlag(name)}: ${error.problem}: "${error.value}"`);
  }
}
