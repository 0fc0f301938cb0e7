/** `unsock unit -- COMMAND`: prints a hardened systemd service for a command, and its socket unit. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { type Service, serviceUnit, socketUnit } from "../units/unit_files.ts";
import { unreachable } from "../units/unit_reach.ts";
import { type DirectoryOptions, formatMode, RIGHTS_QUESTION } from "../run/directory_rights.ts";
import { portFile } from "../run/ports.ts";
import { inspectCommand } from "../run/program.ts";
import { type PlaceOptions, SETTINGS_QUESTION } from "../run/run_settings.ts";
import { SETTING_LIST, type SettingOptions, SETTINGS } from "../run/settings.ts";
import { ownLibrary } from "../library/own.ts";
import { findPreloaded } from "../library/preloaded.ts";
import type { UNIT_OPTIONS } from "../run/unit_options.ts";
import type { Context } from "../system/context.ts";
import { Environ } from "../system/environ.ts";
import { codeOf, reason, UnsockError, UsageError } from "../system/errors.ts";
import { optionFlag, type OptionValues } from "../system/options.ts";
import { describeFront, frontUnits } from "./unit_expose.ts";

type UnitOptions = SettingOptions & DirectoryOptions & PlaceOptions & OptionValues<typeof UNIT_OPTIONS> & {
  readonly lib?: string;
};

/** The default mode of the service's directory: only the service's user and group may enter. */
const PRIVATE_MODE = 0o750;
const SOCKETS_MOST = 64;

/**
 * Prints the units, or writes them to the directory of `--output`.
 *
 * @param command The command's name and its arguments.
 * @returns The exit status.
 * @throws {UnsockError} When the command is not found, or an option cannot be read.
 */
export function unit(options: UnitOptions, command: readonly string[], context: Context): number {
  if (options.expose) {
    const { name, output, expose: _, ...others } = options;
    const [other] = Object.keys(others);
    if (other !== undefined) throw new UsageError(`unit: --expose: not with ${optionFlag(other)}`);
    print(frontUnits(describeFront(checkName(name), command, context)), "user", output, context);
    return 0;
  }
  const { service, warnings } = describeService(options, command, context);
  const units = [{ file: `${service.name}.service`, text: serviceUnit(service) }];
  if (service.sockets.length > 0) units.push({ file: `${service.name}.socket`, text: socketUnit(service) });
  print(units, "system", options.output, context);
  for (const warning of warnings) context.warn(warning);
  return 0;
}

function print(
  units: readonly { file: string; text: string }[],
  manager: "system" | "user",
  output: string | undefined,
  context: Context,
): void {
  for (const { file, text } of units) {
    if (output !== undefined) write(path.join(output, file), text, context);
    else context.print(units.length > 1 ? `# /etc/systemd/${manager}/${file}\n${text}\n` : text);
  }
}

function checkName<T extends string | undefined>(name: T): T {
  if (name !== undefined && !/^[A-Za-z0-9:_.-]{1,200}$/.test(name)) {
    throw new UsageError(`--name: not a unit's name: "${name}"`);
  }
  return name;
}

interface Described {
  readonly service: Service;
  readonly warnings: readonly string[];
}

function describeService(options: UnitOptions, command: readonly string[], context: Context): Described {
  const { environ } = context;
  const [word, ...args] = command;
  if (word === undefined) throw new UsageError(`unit: no command: write "unsock unit [options] -- COMMAND [ARG...]"`);
  const own = ownLibrary(context);
  const steps = inspectCommand(word, own);
  const program = path.resolve(steps[0]?.file ?? word);
  const name = checkName(options.name ?? path.basename(program));
  const { file: library } = findPreloaded(options.lib, environ);
  const given = {
    ...settingsOf(options),
    dir: options.here ? options.dir : options.dir ?? `/run/${name}`,
    lib: library,
  };
  // The units run later, often as another user. So the variables of this shell do not count, except for `--here`.
  const [asked, settings] = own.with(options.here ? checkoutVariables(environ) : Environ.of({})).askAll([
    RIGHTS_QUESTION,
    SETTINGS_QUESTION,
  ], given);
  const rights = asked();
  const { directory: { path: directory }, variables } = settings();
  const service: Service = {
    name,
    library,
    command: [program, ...args],
    environment: SETTING_LIST.flatMap(({ variable }) => {
      const value = variables.get(variable);
      return value === undefined ? [] : [[variable, value]];
    }),
    directory,
    directoryMode: formatMode(rights?.mode ?? PRIVATE_MODE).padStart(4, "0"),
    user: options.user,
    group: options.group,
    network: options.network === true,
    sockets: options.socket ? socketsOf(variables.get(SETTINGS.ports.variable) ?? "", directory) : [],
    socketMode: formatMode(parseInt(variables.get(SETTINGS.mode.variable) ?? "600", 8)),
  };
  return { service, warnings: unreachable(service, steps, rights?.group) };
}

/** Returns the environment's variables that determine the directory of `--here`. */
function checkoutVariables(environ: Environ): Environ {
  const names = ["GIT_DIR", "XDG_RUNTIME_DIR"];
  return Environ.of(Object.fromEntries(names.map((name) => [name, environ.getFilled(name) ?? ""])));
}

/** Returns the options that are settings of the command, without those of the units themselves. */
function settingsOf(
  { output: _, socket: __, name: ___, user: ____, network: _____, lib: ______, ...others }: UnitOptions,
) {
  return others;
}

/** @param ports Ports and ranges, as the library prints them: `80,8000-8010`. */
function socketsOf(ports: string, directory: string): string[] {
  const ranges = ports.split(",").filter((range) => range !== "").map((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return { first, last };
  });
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (count === 0) throw new UsageError("unit: --socket needs the ports: --port 8000");
  if (count > SOCKETS_MOST) throw new UsageError(`unit: --socket: more than ${SOCKETS_MOST} ports`);
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i) => portFile(directory, { number: first + i, kind: "stream" }))
  );
}

function write(file: string, text: string, context: Context): void {
  try {
    fs.writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    const why = codeOf(error) === "EEXIST" ? "exists already: remove it first" : reason(error);
    throw new UnsockError(`unit ${file}: ${why}`, { cause: error });
  }
  context.print(`${file}\n`);
}
