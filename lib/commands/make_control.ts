/** `unsock make-control [FILE]`: writes a control file, when all that was asked for could be read. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import process from "node:process";
import { decodeControlFile, encodeControlFile } from "../control/format.ts";
import { readControlOptions } from "../control/options.ts";
import type { ControlOptions } from "../control/option_table.ts";
import { describeTarget } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { ownLibrary } from "../run/own_library.ts";
import { portFile } from "../run/ports.ts";
import { DIRECTORY_QUESTION, PREPARE_QUESTION } from "../run/run_settings.ts";
import type { Question } from "../library/query.ts";
import type { Context } from "../system/context.ts";
import { codeOf, reason, UnsockError, UsageError } from "../system/errors.ts";
import { createWhole, lstatOrUndefined } from "../system/files.ts";
import { parseDecimal } from "../system/numbers.ts";

interface MakeOptions extends ControlOptions {
  readonly dir?: string;
  readonly port?: string;
  readonly force?: true;
}

const MODE = 0o644;
const PORT_MOST = 65535;

/**
 * Writes the control file that the options describe, and says where it leads.
 *
 * @param options As on the command line.
 * @param file Its path; undefined: that of a port in the directory.
 * @returns The exit status.
 * @throws {UsageError} When the options cannot be read.
 * @throws {UnsockError} When the file cannot be made.
 */
export async function makeControl(options: MakeOptions, file: string | undefined, context: Context): Promise<number> {
  const bytes = encodeControlFile(readControlOptions(options, { working, real }));
  const place = await choosePlace(options, file, context);
  if (options.force) await removeStale(place, context);
  try {
    createWhole(place, bytes, MODE);
  } catch (error) {
    throw new UnsockError(`control file ${place}: ${whyNot(place, error)}`, { cause: error });
  }
  context.print(`${place}: ${describeTarget(decodeControlFile(bytes))}\n`);
  return 0;
}

function working(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it was removed
  }
}

function real(file: string): string | undefined {
  try {
    return fs.realpathSync.native(file);
  } catch {
    return undefined; // not there, or not to be reached: for connecting it is the same
  }
}

/** DIR/PORT.sock where there is no FILE, in a directory that is made for it; without --port, PORT is the vsock port. */
async function choosePlace(options: MakeOptions, file: string | undefined, context: Context): Promise<string> {
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
  const number = parseDecimal(text, 1, PORT_MOST);
  if (number === undefined) {
    const flag = port === undefined ? "--vsock-port as the file's port" : "--port";
    throw new UsageError(`${flag}: not a port between 1 and ${PORT_MOST}: "${text}"`);
  }
  const library = await ownLibrary(context);
  const [directory, prepared] = library.askAll([DIRECTORY_QUESTION, PREPARE_QUESTION], { dir, force });
  const { path: place } = directory();
  prepared();
  return portFile(place, { number, kind: "stream" });
}

/** Removes a stale socket file, by the library's own rules. */
function removalQuestion(file: string): Question<boolean> {
  return { word: `prune=${file}`, read: (answer) => answer.flag("removed") };
}

/** Removes a stale socket. A live one stays, and then the control file cannot be made. */
async function removeStale(file: string, context: Context): Promise<void> {
  if (lstatOrUndefined(file)?.isSocket() !== true) return;
  const library = await ownLibrary(context);
  const before = working();
  try {
    // The path of a socket has 108 bytes; that of its directory may be longer. The library is started there.
    process.chdir(path.dirname(file));
  } catch {
    return; // a directory that may not be entered: making the file says so
  }
  library.ask(removalQuestion(`/proc/self/cwd/${path.basename(file)}`));
  if (before !== undefined) process.chdir(before);
}

/** @returns Why the file could not be made, what is there, and what to do. */
function whyNot(file: string, error: unknown): string {
  const directory = path.dirname(file);
  const code = codeOf(error);
  if (code === "EEXIST") return `exists already, ${whatIsThere(file)}`;
  if (code === "ENOENT") return `${directory} does not exist: make it first, mkdir -p ${directory}`;
  if (code === "EACCES" || code === "EPERM") {
    return `you may not write to ${directory}: choose another with --dir`;
  }
  return reason(error);
}

function whatIsThere(file: string): string {
  const remove = "remove it first, or choose another port";
  const status = lstatOrUndefined(file);
  if (status === undefined) return remove;
  if (status.isSymbolicLink()) return `a link: ${remove}`;
  if (status.isSocket()) return "a socket: a server has this port, or, if it is stale, --force replaces it";
  try {
    return `and leads to ${describeTarget(readControlFile(file))}: ${remove}`;
  } catch {
    return `and is no control file: ${remove}`; // whatever else it may be
  }
}
