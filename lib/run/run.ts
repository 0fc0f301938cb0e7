/** `unsock run` itself: what it does is the library's (`c/program/run.c`); here is what it is told beforehand. */
import type { Context } from "../system/context.ts";
import { joinNul } from "../system/environ.ts";
import type { Environ } from "../system/environ.ts";
import { CommandError, UnsockError } from "../system/errors.ts";
import { cString, openRunner, textOf } from "../system/ffi.ts";
import { optionFlag, type OptionValue } from "../system/options.ts";
import { chooseDirectory, prepareDirectory } from "./directory.ts";
import { type DirectoryOptions, readDirectoryRights, withGroupMode } from "./directory_rights.ts";
import { parseMap, placeMap, type PortMap } from "./maps.ts";
import { ADDRESSES } from "./setting_types.ts";
import { RUN_ADDRESSES, type SettingOptions } from "./settings.ts";
import { findOwnShim } from "./own_shim.ts";

/** Options of `run`. */
export interface RunOptions extends SettingOptions, DirectoryOptions {
  readonly map?: readonly string[];
  readonly private?: boolean;
  readonly isolate?: boolean;
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
  const own = await findOwnShim(options.lib, (name) => environ.getFilled(name), system);
  const rights = readDirectoryRights(options, context.libc);
  const library = new RunLibrary(own, options, context.lastArguments(command.length), environ);
  const isPrepared = rights !== undefined || options.map !== undefined || options.private === true;
  if (isPrepared || options.isolate) library.run({ onlyCheck: true });
  const maps = readMaps(options, environ);
  const directory = isPrepared ? chooseDirectory(options.dir, environ, system.euid) : undefined;
  if (options.dryRun) return library.run({ dir: options.private ? `${directory?.path}/private/XXXXXX` : undefined });
  if (directory !== undefined) prepareDirectory(directory, openRunner(own), options.force, rights);
  const room = options.private && directory !== undefined ? makePrivate(directory.path, own) : undefined;
  const place = room?.path ?? directory?.path;
  try {
    if (place !== undefined) { for (const map of maps) placeMap(place, map); }
    openRunner(own).unsock_caller_restore();
    return library.run({ dir: room?.path, lock: room?.lock, inRoom: room !== undefined || options.isolate });
  } catch (error) {
    if (room !== undefined) openRunner(own).unsock_private_drop(cString(room.path), room.lock);
    throw error;
  }
}

/** A directory that goes with the command, and the descriptor that keeps it. */
interface PrivateDirectory {
  readonly path: string;
  readonly lock: number;
}

function makePrivate(directory: string, own: string): PrivateDirectory {
  const text = new Uint8Array(MESSAGE_SIZE);
  const lock = openRunner(own).unsock_private_directory(cString(directory), text, BigInt(text.length));
  if (lock < 0) throw new UnsockError(textOf(text));
  return { path: textOf(text), lock };
}

/** How the library is to run it. */
interface Call {
  readonly onlyCheck?: boolean;
  /** In the place of `--dir`. */
  readonly dir?: string;
  readonly lock?: number;
  /** By the library as a program: this process has threads, and would stay with all its memory. */
  readonly inRoom?: boolean;
}

/** `run` of the library, with the words of this one. */
class RunLibrary {
  constructor(
    private readonly own: string,
    private readonly options: RunOptions,
    private readonly command: readonly Uint8Array[],
    private readonly environ: Environ,
  ) {}

  run({ onlyCheck = false, dir = this.options.dir, lock = -1, inRoom = false }: Call): number {
    const words = [...optionWords({ ...this.options, dir }, this.environ), encode("--"), ...this.command];
    const [given, caller, message] = [joinNul(words), joinNul(this.environ.entries), new Uint8Array(MESSAGE_SIZE)];
    const runner = openRunner(this.own);
    const [size, length, room] = [BigInt(given.length), BigInt(caller.length), BigInt(message.length)];
    const isolate = this.options.isolate ? 1 : 0;
    const status = inRoom
      ? runner.unsock_run_room(given, size, caller, length, cString(this.own), isolate, lock, message, room)
      : runner.unsock_run(given, size, caller, length, cString(this.own), onlyCheck ? 1 : 0, message, room);
    if (message[0] !== 0) throw new CommandError(textOf(message), { exitCode: status });
    return status;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function readMaps({ map = [], addr }: RunOptions, environ: Environ): PortMap[] {
  if (map.length === 0) return [];
  const addresses = ADDRESSES.parse("UNSOCK_ADDR", addr ?? environ.getFilled("UNSOCK_ADDR") ?? RUN_ADDRESSES);
  return map.map((text) => parseMap(text, addresses));
}

/** @returns What was given, once more as words, without what is not the library's. */
function optionWords(given: RunOptions, environ: Environ): Uint8Array[] {
  const { map: _map, group, dirMode, ...options } = given;
  const unset = environ.getFilled("UNSOCK_MODE") === undefined;
  const { group: _group, dirMode: _mode, ...rest } = withGroupMode({ group, dirMode, ...options }, unset);
  return Object.entries<OptionValue | boolean | undefined>(rest).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return [encode(value === true ? optionFlag(name) : `${optionFlag(name)}=${value}`)];
  });
}

/** @returns `options` as settings: a log file of the working directory made absolute, and the mode that a group needs. */
export function settingOptions<T extends SettingOptions & DirectoryOptions>(options: T, environ: Environ): T {
  const { log, ...rest } = withGroupMode(options, environ.getFilled("UNSOCK_MODE") === undefined);
  const isWhole = typeof log !== "string" || log === "stderr" || log === "" || log.startsWith("/");
  return { ...rest, log: isWhole ? log : `${Deno.cwd().replace(/\/$/, "")}/${log}` } as T;
}
