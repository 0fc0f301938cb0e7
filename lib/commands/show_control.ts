/** `unsock show-control FILE|PORT`: explains a control file. */
import type { Context } from "../system/context.ts";
import { CONTROL_FILE_SIZE, ControlFileError, describeControl, explainControl } from "../control/control_facts.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { DIRECTORY_QUESTION } from "../run/run_settings.ts";
import { portFile, portQuestion } from "../run/ports.ts";
import * as fs from "node:fs";
import { statOrUndefined } from "../system/files.ts";
import { ownLibrary } from "../run/own_library.ts";
import type { Library } from "../library/query.ts";

interface ShowOptions {
  readonly dir?: string;
  readonly json?: true;
}

/**
 * Prints what a control file says.
 *
 * @param options As on the command line.
 * @param word Its path, or the port that it is for.
 * @returns The exit status.
 * @throws {UnsockError} When it cannot be read or is no control file.
 */
export async function showControl(options: ShowOptions, word: string, context: Context): Promise<number> {
  const library = await ownLibrary(context);
  const control = readControlFile(fileOf(word, options, library), library);
  const { proxyWords: _, destinationWords: __, ...facts } = control;
  context.print(options.json ? `${JSON.stringify(facts, null, 2)}\n` : describeControl(control));
  return 0;
}

/** A number is a port, unless a file has that name. */
function fileOf(word: string, { dir }: ShowOptions, library: Library): string {
  if (!/^\d+(\/\w*)?$/.test(word) || statOrUndefined(word) !== undefined) return word;
  const [directory, port] = library.askAll([DIRECTORY_QUESTION, portQuestion(word)], { dir });
  return portFile(directory().path, port());
}

/**
 * @param file Its path: anything may be there.
 * @returns What it says.
 * @throws {UnsockError} When it cannot be read or is no control file.
 */
function readControlFile(file: string, library: Library): ReturnType<typeof explainControl> {
  try {
    return explainControl(readRegularFile(file), library);
  } catch (error) {
    if (error instanceof UnsockError) throw error;
    const prefix = error instanceof ControlFileError ? "not a control file: " : "";
    throw new UnsockError(`${file}: ${prefix}${reason(error)}`, { cause: error });
  }
}

/** Never waits on a FIFO, never reads more than it needs. */
function readRegularFile(file: string): Uint8Array {
  const status = fs.statSync(file);
  if (status.isSocket()) throw new UnsockError(`${file}: not a control file: a real socket`);
  if (!status.isFile()) throw new UnsockError(`${file}: not a control file: not a regular file`);
  if (status.size !== CONTROL_FILE_SIZE) {
    throw new ControlFileError(`${status.size} bytes long, not ${CONTROL_FILE_SIZE}`);
  }
  return fs.readFileSync(file);
}
