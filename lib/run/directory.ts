/**
 * The directory of the socket files: which one, for whom it is made, and whether it is safe, as the library says
 * (`c/process/run_directory.c`): who may write to it decides who answers.
 */
import { type DirectoryOptions, rightsWords } from "./directory_rights.ts";
import { Environ } from "../system/environ.ts";
import { statOrUndefined } from "../system/files.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";
import { type ChosenDirectory, readRunSettings } from "./run_settings.ts";

const MESSAGE_SIZE = 1 << 14;
const ASKED = 1;
const FORCE = 2;
const CHECK = 4;
const PLACE = 8;

/** What the choice depends on: other variables do not keep anybody from looking into a directory. */
const VARIABLES = ["UNSOCK_DIR", "XDG_RUNTIME_DIR"];
const NO_LIBRARY = "/";

/**
 * Chooses the directory: the option, `UNSOCK_DIR`, `$XDG_RUNTIME_DIR/unsock`, `/run/unsock` for root, `/tmp/unsock-UID`.
 *
 * @param dir The value of `--dir`; a relative path is one from the working directory.
 * @param environ Where `UNSOCK_DIR` and `XDG_RUNTIME_DIR` are looked up.
 * @returns An absolute path without a slash at its end.
 * @throws {UsageError} When the path leaves no room for a socket's name.
 */
export function chooseDirectory(dir: string | undefined, environ: Environ, runner: Runner): ChosenDirectory {
  const variables = VARIABLES.flatMap((name) => {
    const value = environ.getFilled(name);
    return value === undefined ? [] : [[name, value]];
  });
  return readRunSettings({ dir }, Environ.of(Object.fromEntries(variables)), NO_LIBRARY, runner).directory;
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
