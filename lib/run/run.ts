/** `unsock run` itself: what it does is the library's (`c/program/run.c`); here is what it is told beforehand. */
import { readCallerState, restoreCallerState } from "../system/caller.ts";
import type { Context } from "../system/context.ts";
import { joinNul } from "../system/environ.ts";
import type { Environ } from "../system/environ.ts";
import { CommandError } from "../system/errors.ts";
import { cString, openRunner, textOf } from "../system/ffi.ts";
import { optionFlag, type OptionValue } from "../system/options.ts";
import { chooseDirectory, prepareDirectory } from "./directory.ts";
import { type DirectoryOptions, readDirectoryRights, withGroupMode } from "./directory_rights.ts";
import { parseMap, placeMap, type PortMap } from "./maps.ts";
import { ADDRESSES } from "./setting_types.ts";
import { RUN_ADDRESSES, type SettingOptions } from "./settings.ts";
import { findOwnShim } from "./shim.ts";

/** Options of `run`. */
export interface RunOptions extends SettingOptions, DirectoryOptions {
  readonly map?: readonly string[];
  readonly lib?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

const MESSAGE_SIZE = 1 << 15;

/**
 * Becomes a command.
 *
 * @param options As on the command line.
 * @param command The last arguments of this process: the command's name and its own arguments.
 * @param context Its surroundings.
 * @returns The exit status, with `--dry-run` alone: else this process has become the command.
 * @throws {UnsockError} When it cannot.
 */
export async function run(options: RunOptions, command: readonly string[], context: Context): Promise<number> {
  const { environ, system } = context;
  const own = await findOwnShim(options.lib, environ, system);
  const rights = readDirectoryRights(options, context.libc);
  const words = [
    ...optionWords(options, environ),
    cString("--").slice(0, -1),
    ...context.lastArguments(command.length),
  ];
  const runLibrary = (onlyCheck: boolean) => {
    const [given, caller, message] = [joinNul(words), joinNul(environ.entries), new Uint8Array(MESSAGE_SIZE)];
    const status = openRunner(own).unsock_run(
      given,
      BigInt(given.length),
      caller,
      BigInt(caller.length),
      cString(own),
      onlyCheck ? 1 : 0,
      message,
      BigInt(message.length),
    );
    if (message[0] !== 0) throw new CommandError(textOf(message), { exitCode: status });
    return status;
  };
  const isPrepared = rights !== undefined || options.map !== undefined;
  if (isPrepared) runLibrary(true);
  const maps = readMaps(options, environ);
  if (options.dryRun) return runLibrary(false);
  if (isPrepared) {
    const directory = chooseDirectory(options.dir, environ, system.euid);
    prepareDirectory(directory, system.euid, options.force, rights);
    for (const map of maps) placeMap(directory.path, map);
  }
  restoreCallerState(context.libc, readCallerState(context.proc));
  return runLibrary(false);
}

function readMaps({ map = [], addr }: RunOptions, environ: Environ): PortMap[] {
  if (map.length === 0) return [];
  const addresses = ADDRESSES.parse("UNSOCK_ADDR", addr ?? environ.getFilled("UNSOCK_ADDR") ?? RUN_ADDRESSES);
  return map.map((text) => parseMap(text, addresses));
}

/** @returns What was given, once more as words, without what is not the library's. */
function optionWords({ map: _map, group, dirMode, ...options }: RunOptions, environ: Environ): Uint8Array[] {
  const unset = environ.getFilled("UNSOCK_MODE") === undefined;
  const { group: _group, dirMode: _mode, ...rest } = withGroupMode({ group, dirMode, ...options }, unset);
  return Object.entries<OptionValue | boolean | undefined>(rest).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return [new TextEncoder().encode(value === true ? optionFlag(name) : `${optionFlag(name)}=${value}`)];
  });
}

/** @returns `options` as settings: a log file of the working directory made absolute, and the mode that a group needs. */
export function settingOptions<T extends SettingOptions & DirectoryOptions>(options: T, environ: Environ): T {
  const { log, ...rest } = withGroupMode(options, environ.getFilled("UNSOCK_MODE") === undefined);
  const isWhole = typeof log !== "string" || log === "stderr" || log === "" || log.startsWith("/");
  return { ...rest, log: isWhole ? log : `${Deno.cwd().replace(/\/$/, "")}/${log}` } as T;
}
