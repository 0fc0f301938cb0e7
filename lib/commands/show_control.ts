/** `unsock show-control FILE|PORT`: explains a control file. */
import { type ControlFile, ControlFileError } from "../control/format.ts";
import { controlFacts, describeControl } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { ownLibrary } from "../library/own.ts";
import { portFile, portQuestion } from "../run/ports.ts";
import { DIRECTORY_QUESTION } from "../run/run_settings.ts";
import type { Context } from "../system/context.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { statOrUndefined } from "../system/files.ts";

interface ShowOptions {
  readonly dir?: string;
  readonly json?: true;
}

/**
 * Prints the content of a control file.
 *
 * @param word The control file's path, or its port.
 * @returns The exit status.
 * @throws {UnsockError} When the file cannot be read or is no control file.
 */
export function showControl(options: ShowOptions, word: string, context: Context): number {
  const port = readPort(word);
  const file = port === undefined ? word : fileOf(port, options, context);
  if (port !== undefined) checkPlace(port, file);
  const control = explain(file);
  context.print(options.json ? `${JSON.stringify(controlFacts(control), null, 2)}\n` : describeControl(control));
  return 0;
}

/** Returns the word if it is a port, `8000` or `53/udp`, and no file has this name; else undefined. */
function readPort(word: string): string | undefined {
  return /^\d+(\/\w*)?$/.test(word) && statOrUndefined(word) === undefined ? word : undefined;
}

function fileOf(word: string, { dir }: ShowOptions, context: Context): string {
  const [directory, port] = ownLibrary(context).askAll([DIRECTORY_QUESTION, portQuestion(word)], { dir });
  return portFile(directory().path, port());
}

/** @throws {UnsockError} When the port's file is missing, or belongs to a server. */
function checkPlace(port: string, file: string): void {
  const status = statOrUndefined(file);
  if (status !== undefined && !status.isSocket()) return;
  const why = status === undefined
    ? `there is no ${file}: unsock make-control --help shows how to make one`
    : `${file} is a server's socket`;
  throw new UnsockError(`port ${port} has no control file: ${why}`);
}

function explain(file: string): ControlFile {
  try {
    return readControlFile(file);
  } catch (error) {
    const prefix = error instanceof ControlFileError ? "not a control file: " : "";
    throw new UnsockError(`${file}: ${prefix}${reason(error)}`, { cause: error });
  }
}
