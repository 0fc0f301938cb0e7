/**
 * The directory of the socket files: which one, and for whom it is made. Whether it is safe the library says
 * (`c/process/run_directory.c`): who may write to it decides who answers.
 */
import * as path from "@std/path/posix";
import { type DirectoryOptions, rightsWords } from "./directory_rights.ts";
import type { Environ } from "../system/environ.ts";
import { statOrUndefined } from "../system/files.ts";
import { reason, UnsockError, UsageError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";
import { DIRECTORY_LENGTH_PROBLEM, MAX_DIRECTORY_LENGTH } from "./setting_types.ts";

const MESSAGE_SIZE = 1 << 14;
const ASKED = 1;
const FORCE = 2;
const CHECK = 4;
const PLACE = 8;

/** A directory, and whether the user named it. */
export interface ChosenDirectory {
  readonly path: string;
  /** False: a default that nobody asked for by name, which has to be safe all by itself. */
  readonly asked: boolean;
}

/**
 * Chooses the directory: the option, `UNSOCK_DIR`, `$XDG_RUNTIME_DIR/unsock`, `/run/unsock` for root, `/tmp/unsock-UID`.
 *
 * @param option The value of `--dir`; a relative path is one from the working directory.
 * @param environ Where `UNSOCK_DIR` and `XDG_RUNTIME_DIR` are looked up.
 * @param uid The effective user id.
 * @returns An absolute path without a slash at its end.
 * @throws {UsageError} When the path leaves no room for a socket's name.
 */
export function chooseDirectory(option: string | undefined, environ: Environ, uid: number): ChosenDirectory {
  if (option !== undefined) {
    if (option === "") throw new UsageError("--dir: empty");
    return { path: checkLength("--dir", path.resolve(option)), asked: true };
  }
  const variable = environ.getFilled("UNSOCK_DIR");
  if (variable !== undefined) {
    if (!variable.startsWith("/")) throw new UsageError(`UNSOCK_DIR: must be an absolute path: "${variable}"`);
    return { path: checkLength("UNSOCK_DIR", path.resolve(variable)), asked: true };
  }
  const runtime = environ.getFilled("XDG_RUNTIME_DIR");
  const usable = runtime?.startsWith("/") === true && isDirectoryOf(runtime, uid);
  const chosen = usable ? path.join(runtime, "unsock") : withoutRuntime(uid);
  return { path: checkLength("XDG_RUNTIME_DIR", chosen), asked: false };
}

/** Another's, which `su` and `sudo` may leave in the environment, is no place: its owner could take away what is in it. */
function isDirectoryOf(path: string, uid: number): boolean {
  const status = statOrUndefined(path);
  return status?.isDirectory === true && status.uid === uid;
}

function withoutRuntime(uid: number): string {
  return uid === 0 && isDirectoryOf("/run", 0) ? "/run/unsock" : `/tmp/unsock-${uid}`;
}

function checkLength(name: string, directory: string): string {
  if (directory === "/" || new TextEncoder().encode(directory).length > MAX_DIRECTORY_LENGTH) {
    throw new UsageError(`${name}: ${DIRECTORY_LENGTH_PROBLEM}: "${directory}"`);
  }
  return directory;
}

/**
 * Says why a directory must not be used.
 *
 * @param directory The directory; of one that is missing, only its place is looked at.
 * @returns The line that `run` would end with, or undefined: fine.
 */
export function directoryProblem(directory: ChosenDirectory, runner: Runner): string | undefined {
  try {
    ask(directory, statOrUndefined(directory.path) === undefined ? PLACE : CHECK, runner);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/**
 * Makes sure that others could put no other directory in the place of this one, which may be missing.
 *
 * @param force Whether they are trusted, if the user named it.
 * @throws {UnsockError} When they could.
 */
export function checkPlace(directory: ChosenDirectory, runner: Runner, force = false): void {
  ask(directory, PLACE | (force ? FORCE : 0), runner);
}

/**
 * Makes the directory, if it is missing, and checks it.
 *
 * @param directory From {@linkcode chooseDirectory}.
 * @param force Whether one that everybody may write to is fine, if the user named it.
 * @param options Whom it is for; without, it is made for the user alone.
 * @throws {UnsockError} When it cannot be made or must not be used.
 */
export function prepareDirectory(
  directory: ChosenDirectory,
  runner: Runner,
  force = false,
  options: DirectoryOptions = {},
): void {
  ask(directory, force ? FORCE : 0, runner, options);
}

function ask({ path, asked }: ChosenDirectory, how: number, runner: Runner, options: DirectoryOptions = {}): void {
  const error = new Uint8Array(MESSAGE_SIZE);
  const [group, mode] = rightsWords(options);
  const bits = how | (asked ? ASKED : 0);
  const result = runner.unsock_directory_prepare(cString(path), bits, group, mode, error, BigInt(error.length));
  if (result < 0) throw new UnsockError(textOf(error));
}
