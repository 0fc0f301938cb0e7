/** `unsock env`: prints the variables that `run` sets, in the chosen format; with `--off`, lines that unset them. */
import * as path from "@std/path/posix";
import type { Answer } from "../library/query.ts";
import { type DirectoryOptions, RIGHTS_QUESTION } from "../run/directory_rights.ts";
import { ENV_FORMATS, writeVariables } from "../run/env_formats.ts";
import { ownLibrary } from "../library/own.ts";
import { MAY_BIND_QUESTION, PREPARE_QUESTION, SETTINGS_QUESTION } from "../run/run_settings.ts";
import { SETTING_LIST, type SettingOptions, SETTINGS } from "../run/settings.ts";
import { findPreloaded } from "../library/preloaded.ts";
import type { Context } from "../system/context.ts";
import type { Environ } from "../system/environ.ts";
import { UnsockError, UsageError } from "../system/errors.ts";

interface EnvOptions extends SettingOptions, DirectoryOptions {
  readonly here?: true;
  readonly lib?: string;
  readonly force?: boolean;
  readonly off?: true;
  readonly format?: string;
  readonly json?: true;
}

/** The variables to print: the library's settings, and `LD_PRELOAD`. */
const NAMES = [...SETTING_LIST.map(({ variable }) => variable), "LD_PRELOAD"];

/**
 * Prints the variables in the chosen format.
 *
 * @returns The exit status.
 * @throws {UnsockError} When `run` could not start a program with these options.
 */
export function env(options: EnvOptions, context: Context): number {
  const { format: written = options.json ? "json" : "sh", json, ...others } = options;
  const format = ENV_FORMATS.find((one) => one === written);
  if (format === undefined) throw new UsageError(`--format: not one of ${ENV_FORMATS.join(", ")}: "${written}"`);
  if (json && format !== "json") throw new UsageError(`env: --json and --format ${format} exclude each other`);
  const isShell = format === "sh";
  if (others.off && !isShell) {
    throw new UsageError("env: --off prints lines for a shell only: leave out --format and --json");
  }
  const environ = others.off ? turnOff(others, context) : turnOn(others, context);
  const set = NAMES.flatMap((name): [string, string][] => {
    const value = environ.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  context.print(writeVariables(format, set));
  const unset = NAMES.filter((name) => environ.get(name) === undefined && context.environ.get(name) !== undefined);
  if (isShell) context.print(unset.map((name) => `unset ${name}\n`).join(""));
  return 0;
}

function turnOn(options: EnvOptions, context: Context): Environ {
  const { force, lib, off: _, ...settings } = options;
  const { file } = findPreloaded(lib, context.environ);
  const environ = context.environ.clone();
  const library = ownLibrary(context, lib);
  const given = { ...settings, force: force || undefined, lib: file };
  const [rights, asked, mayBind] = library.askAll([RIGHTS_QUESTION, SETTINGS_QUESTION, MAY_BIND_QUESTION], given);
  rights(); // throws if the options of the directory's rights cannot be read
  const { variables } = asked();
  for (const name of NAMES) {
    const value = variables.get(name);
    if (value === undefined) environ.delete(name);
    else environ.set(name, value);
  }
  checkSockets(variables, options, mayBind);
  library.ask(PREPARE_QUESTION, given);
  if (isOn(variables, SETTINGS.off)) context.warn(`env: ${OFF}: nothing is redirected`);
  return environ;
}

function isOn(variables: ReadonlyMap<string, string>, { variable }: { readonly variable: string }): boolean {
  return variables.get(variable) === "1";
}

const OFF = "UNSOCK_OFF=1 is set";

/** Throws an error as `run` does, if sockets cannot be bound or if UNSOCK_OFF=1 contradicts an option or a variable. */
function checkSockets(variables: ReadonlyMap<string, string>, options: EnvOptions, mayBind: Answer<true>): void {
  if (!isOn(variables, SETTINGS.off)) {
    mayBind();
    return;
  }
  const insists = options.blockInet ? "--block-inet" : options.strict ? "--strict" : undefined;
  const promise = insists ??
    (isOn(variables, SETTINGS.blockInet)
      ? "UNSOCK_BLOCK_INET=1"
      : isOn(variables, SETTINGS.strict)
      ? "UNSOCK_STRICT=1"
      : undefined);
  if (promise === undefined) return;
  throw new UnsockError(`env: ${promise}: ${OFF}, and nothing would be redirected: unset it`);
}

/** Removes the settings, and the library from LD_PRELOAD. Other preloaded libraries stay. */
function turnOff({ off: _, ...others }: EnvOptions, context: Context): Environ {
  if (Object.values(others).some((value) => value !== undefined)) {
    throw new UsageError("env: --off takes no other options: it unsets all variables");
  }
  const environ = context.environ.clone();
  const preloaded = environ.get("LD_PRELOAD")?.split(/[\s:]+/) ?? [];
  for (const name of NAMES) environ.delete(name);
  const rest = preloaded.filter((entry) => entry !== "" && !/^libunsock[^/]*\.so$/.test(path.basename(entry)));
  if (rest.length > 0) environ.set("LD_PRELOAD", rest.join(":"));
  return environ;
}
