/** The directory of the socket files: which one, for whom it is made, and is it safe? Who may write to it decides who answers. */
import * as path from "@std/path/posix";
import { type DirectoryRights, formatMode } from "./directory_rights.ts";
import type { Environ } from "../system/environ.ts";
import { statOrUndefined } from "../system/files.ts";
import { reason, UnsockError, UsageError } from "../system/errors.ts";
import { DIRECTORY_LENGTH_PROBLEM, MAX_DIRECTORY_LENGTH } from "./setting_types.ts";

const EVERYBODY_WRITES = 0o002;
const OTHERS_WRITE = 0o022;

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
  const usable = runtime?.startsWith("/") === true && statOrUndefined(runtime)?.isDirectory === true;
  const chosen = usable ? path.join(runtime, "unsock") : withoutRuntime(uid);
  return { path: checkLength("XDG_RUNTIME_DIR", chosen), asked: false };
}

function withoutRuntime(uid: number): string {
  return uid === 0 && statOrUndefined("/run")?.isDirectory === true ? "/run/unsock" : `/tmp/unsock-${uid}`;
}

function checkLength(name: string, directory: string): string {
  if (directory === "/" || new TextEncoder().encode(directory).length > MAX_DIRECTORY_LENGTH) {
    throw new UsageError(`${name}: ${DIRECTORY_LENGTH_PROBLEM}: "${directory}"`);
  }
  return directory;
}

/**
 * Says why a directory must not be used: whoever may write to it can answer in a server's place. One that the user named
 * is his decision, whoever owns it, unless everybody may write to it. A default that nobody named has to be his own; a
 * link counts as what its owner makes of it, so the link's owner is asked too.
 *
 * @param directory The directory, which exists.
 * @param uid The effective user id.
 * @returns The reason with the next step, or undefined: fine.
 */
export function directoryProblem(directory: ChosenDirectory, uid: number): string | undefined {
  const link = Deno.lstatSync(directory.path);
  const target = link.isSymlink ? Deno.statSync(directory.path) : link;
  const mode = target.mode ?? 0;
  if (!target.isDirectory) return "not a directory: name another with --dir";
  if (directory.asked) {
    if ((mode & EVERYBODY_WRITES) === 0) return undefined;
    return `everybody may write to it, and so answer in a server's place: use one of its own in it, ` +
      `--dir ${path.join(directory.path, "unsock")}, or trust everybody with --force`;
  }
  const stranger = [link.uid, target.uid].find((owner) => owner !== uid);
  if (stranger !== undefined) return `owned by user ${stranger}, not by you: name another with --dir`;
  return (mode & OTHERS_WRITE) !== 0 ? `others may write to it: chmod 700 ${directory.path}` : undefined;
}

/**
 * Makes the directory, if it is missing, and checks it.
 *
 * @param directory From {@linkcode chooseDirectory}.
 * @param uid The effective user id.
 * @param force Whether one that everybody may write to is fine, if the user named it.
 * @param rights Whom it is for, from {@linkcode readDirectoryRights}; without, it is made for the user alone.
 * @throws {UnsockError} When it cannot be made or must not be used.
 */
export function prepareDirectory(
  directory: ChosenDirectory,
  uid: number,
  force = false,
  rights?: DirectoryRights,
): void {
  let problem: string | undefined;
  try {
    const isNew = makeOne(directory.path, rights);
    const trusted = force && directory.asked && Deno.statSync(directory.path).isDirectory;
    problem = trusted ? undefined : directoryProblem(directory, uid);
    if (!isNew && rights !== undefined) problem ??= differentRights(directory.path, rights);
  } catch (error) {
    if (error instanceof UnsockError) throw error;
    throw new UnsockError(`directory ${directory.path}: ${whyNotMade(error, directory.path)}`, { cause: error });
  }
  if (problem !== undefined) throw new UnsockError(`directory ${directory.path}: ${problem}`);
}

/** @returns Whether it was missing. Nobody but its owner can enter it before it is as it shall be. */
function makeOne(directory: string, rights: DirectoryRights | undefined): boolean {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  try {
    if (rights?.group !== undefined) Deno.chownSync(directory, null, rights.group.gid);
    if (rights !== undefined) Deno.chmodSync(directory, rights.mode);
  } catch (error) {
    Deno.removeSync(directory);
    const who = rights?.group === undefined ? "its mode" : `group ${rights.group.name}`;
    throw new UnsockError(
      `directory ${directory}: ${who}: ${reason(error)}: you have to be one of the group, or root`,
      {
        cause: error,
      },
    );
  }
  return true;
}

/** What is there already is not changed: others may rely on it. */
function differentRights(directory: string, { group, mode }: DirectoryRights): string | undefined {
  const status = Deno.statSync(directory);
  const commands: string[] = [];
  if (group !== undefined && status.gid !== group.gid) commands.push(`chgrp ${group.name} ${directory}`);
  if (((status.mode ?? 0) & 0o7777) !== mode || commands.length > 0) {
    commands.push(`chmod ${formatMode(mode)} ${directory}`);
  }
  return commands.length === 0 ? undefined : `is there already, with other rights: ${commands.join(" && ")}`;
}

function whyNotMade(error: unknown, directory: string): string {
  const parent = path.dirname(directory);
  if (error instanceof Deno.errors.NotFound) return `${parent} does not exist: make it first, mkdir -p ${parent}`;
  if (error instanceof Deno.errors.PermissionDenied) {
    return `you may not make it in ${parent}, or not enter that: name another with --dir, or let root make it, ` +
      `install -d -o ${Deno.uid()} -m 700 ${directory}`;
  }
  return reason(error);
}
