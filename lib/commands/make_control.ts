/** `unsock make-control [FILE]`: writes a control file, if all options can be read. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import process from "node:process";
import { ControlFileError, decodeControlFile, encodeControlFile } from "../control/format.ts";
import { readControlOptions } from "../control/options.ts";
import type { ControlOptions } from "../control/option_table.ts";
import { describeTarget } from "../control/words.ts";
import { mayAccess } from "../library/access.ts";
import { readControlFile } from "../run/control_files.ts";
import { ownLibrary } from "../library/own.ts";
import { portFile } from "../run/ports.ts";
import { DIRECTORY_QUESTION, PREPARE_QUESTION } from "../run/run_settings.ts";
import type { Question } from "../library/query.ts";
import type { Context } from "../system/context.ts";
import { codeOf, reason, UnsockError, UsageError } from "../system/errors.ts";
import { createWhole, existingAbove, lstatOrUndefined, orUndefined } from "../system/files.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import { printable } from "../system/text.ts";

interface MakeOptions extends ControlOptions {
  readonly dir?: string;
  readonly port?: string;
  readonly force?: true;
}

const MODE = 0o644;

/**
 * Writes the control file that the options describe, and prints its target.
 *
 * @param file The control file's path. If undefined, writes the port's file in the directory.
 * @returns The exit status.
 * @throws {UsageError} When the options cannot be read.
 * @throws {UnsockError} When the file cannot be made.
 */
export function makeControl(options: MakeOptions, file: string | undefined, context: Context): number {
  const bytes = encodeControlFile(readControlOptions(options, { working, real }));
  const place = choosePlace(options, file, context);
  if (options.force) removeStale(place, context);
  try {
    createWhole(place, bytes, MODE);
  } catch (error) {
    throw new UnsockError(`control file ${place}: ${whyNot(place, error, context)}`, { cause: error });
  }
  context.print(`${printable(place)}: ${describeTarget(decodeControlFile(bytes))}\n`);
  return 0;
}

/** Returns the working directory, or undefined if it was removed. */
const working = () => orUndefined(() => process.cwd());

/** Returns the path without links, or undefined if the file is missing or unreachable. */
const real = (file: string) => orUndefined(() => fs.realpathSync.native(file));

/** Returns FILE. Without FILE, makes DIR and returns DIR/PORT.sock; without --port, PORT is the vsock port. */
function choosePlace(options: MakeOptions, file: string | undefined, context: Context): string {
  const { dir, port, vsockPort, force } = options;
  if (file !== undefined) {
    if (dir !== undefined || port !== undefined) {
      throw new UsageError("make-control: give either FILE or --dir and --port");
    }
    if (file === "") throw new UsageError("make-control: FILE: empty");
    return file;
  }
  const text = port ?? vsockPort;
  if (text === undefined) throw new UsageError("make-control: no file: give FILE or --port");
  const number = parseDecimal(text, 1, LAST_PORT);
  if (number === undefined) {
    const flag = port === undefined ? "--vsock-port as the file's port" : "--port";
    throw new UsageError(`${flag}: not a port between 1 and ${LAST_PORT}: "${text}"`);
  }
  const library = ownLibrary(context);
  const [directory, prepared] = library.askAll([DIRECTORY_QUESTION, PREPARE_QUESTION], { dir, force });
  const { path: place } = directory();
  prepared();
  return portFile(place, { number, kind: "stream" });
}

/** The question that makes the library remove a socket file if it is stale. The answer is whether it was removed. */
function removalQuestion(file: string): Question<boolean> {
  return { word: `prune=${file}`, read: (answer) => answer.flag("removed") };
}

/** Removes a stale socket file. A live one stays, and then the control file cannot be made. */
function removeStale(file: string, context: Context): void {
  if (lstatOrUndefined(file)?.isSocket() !== true) return;
  const library = ownLibrary(context);
  const before = working();
  try {
    // A socket's path has at most 108 bytes. The directory's path may be longer, so the library runs in the directory.
    process.chdir(path.dirname(file));
  } catch {
    return; // the directory cannot be entered: createWhole() fails with the reason
  }
  library.ask(removalQuestion(`/proc/self/cwd/${path.basename(file)}`));
  if (before !== undefined) process.chdir(before);
}

/** @returns The reason why the file could not be made, and for most reasons what to do. */
function whyNot(file: string, error: unknown, context: Context): string {
  const directory = path.dirname(file);
  const code = codeOf(error);
  if (code === "EEXIST") return `exists already, ${whatIsThere(file)}`;
  if (code === "ENOENT") return whyNoDirectory(directory, context);
  if (code === "EACCES" || code === "EPERM") {
    return `you may not write to ${directory}: choose another with --dir`;
  }
  return reason(error);
}

function whyNoDirectory(directory: string, context: Context): string {
  const above = existingAbove(directory);
  return mayAccess(ownLibrary(context), above, fs.constants.W_OK | fs.constants.X_OK)
    ? `${directory} does not exist: make it first, mkdir -p ${directory}`
    : `${directory} does not exist, and you may not make it in ${above}: choose another directory`;
}

function whatIsThere(file: string): string {
  const remove = "remove it first, or choose another port";
  const status = lstatOrUndefined(file);
  if (status === undefined) return remove;
  if (status.isSymbolicLink()) return `a link: ${remove}`;
  if (status.isSocket()) return "a socket: a server has this port, or, if it is stale, --force replaces it";
  try {
    return `and leads to ${describeTarget(readControlFile(file))}: ${remove}`;
  } catch (error) {
    const what = error instanceof ControlFileError ? "is no control file" : `cannot be read: ${reason(error)}`;
    return `and ${what}: ${remove}`;
  }
}
