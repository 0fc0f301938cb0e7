/** The directory of the socket files: which one, and is it safe? Whoever owns it decides who answers. */
import * as path from "@std/path/posix";
import type { Environ } from "../system/environ.ts";
import { statOrUndefined } from "../system/files.ts";
import { reason, UnsockError, UsageError } from "../system/errors.ts";
import { DIRECTORY_LENGTH_PROBLEM, MAX_DIRECTORY_LENGTH } from "./setting_types.ts";

/** A directory, and whether the user named it. */
export interface ChosenDirectory {
  readonly path: string;
  /** False: a default that nobody asked for by name, which has to be safe all by itself. */
  readonly asked: boolean;
}

/**
 * Chooses the directory: the option, `UNSOCK_DIR`, `$XDG_RUNTIME_DIR/unsock`, `/tmp/unsock-UID`.
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
  const usable = runtime?.startsWith("/") === true && statOrUndefined(runtime)?.isDirectory === true;
  const chosen = usable ? path.join(runtime, "unsock") : `/tmp/unsock-${uid}`;
  return { path: checkLength("XDG_RUNTIME_DIR", chosen), asked: false };
}

function checkLength(name: string, directory: string): string {
  if (directory === "/" || new TextEncoder().encode(directory).length > MAX_DIRECTORY_LENGTH) {
    throw new UsageError(`${name}: ${DIRECTORY_LENGTH_PROBLEM}: "${directory}"`);
  }
  return directory;
}

/**
 * Says why a directory must not be used: whoever owns it can answer in a server's place. A link counts as what its owner
 * makes of it, so the link's owner is asked too.
 *
 * @param directory The directory.
 * @param uid The effective user id.
 * @returns The reason with the next step, or undefined: fine.
 */
export function directoryProblem(directory: ChosenDirectory, uid: number): string | undefined {
  const link = Deno.lstatSync(directory.path);
  const target = link.isSymlink ? Deno.statSync(directory.path) : link;
  if (!target.isDirectory && link.uid === uid) return "not a directory";
  const stranger = [link.uid, target.uid].find((owner) => owner !== uid);
  if (stranger !== undefined) {
    return `owned by user ${stranger}, not by you: choose another with --dir, or trust its owner with --force`;
  }
  const othersWrite = ((target.mode ?? 0) & 0o022) !== 0;
  if (othersWrite && !directory.asked) return `others may write to it: chmod 700 ${directory.path}`;
  return undefined;
}

/**
 * Makes the directory, 0700, if it is missing, and checks it.
 *
 * @param directory From {@linkcode chooseDirectory}.
 * @param uid The effective user id.
 * @param force Whether a directory of somebody else is fine, if the user named it.
 * @throws {UnsockError} When it cannot be made or must not be used.
 */
export function prepareDirectory(directory: ChosenDirectory, uid: number, force = false): void {
  let problem: string | undefined;
  try {
    Deno.mkdirSync(path.dirname(directory.path), { recursive: true });
    makeOne(directory.path);
    const trusted = force && directory.asked && Deno.statSync(directory.path).isDirectory;
    problem = trusted ? undefined : directoryProblem(directory, uid);
  } catch (error) {
    throw new UnsockError(`directory ${directory.path}: ${reason(error)}`, { cause: error });
  }
  if (problem !== undefined) throw new UnsockError(`directory ${directory.path}: ${problem}`);
}

function makeOne(directory: string): void {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
