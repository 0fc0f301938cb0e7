/** `unsock show-control FILE|PORT`: explains a control file. */
import { type ControlFile, ControlFileError } from "../control/format.ts";
import { controlFacts, describeControl } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { ownLibrary } from "../run/own_library.ts";
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
 * @param options As on the command line.
 * @param word Its path, or the port that it is for.
 * @returns The exit status.
 * @throws {UnsockError} When it cannot be read or is no control file.
 */
export function showControl(options: ShowOptions, word: string, context: Context): number {
  const control = explain(fileOf(word, options, context));
  context.print(options.json ? `${JSON.stringify(controlFacts(control), null, 2)}\n` : describeControl(control));
  return 0;
}

/** A number is a port, unless a file has that name. */
function fileOf(word: string, { dir }: ShowOptions, context: Context): string {
  if (!/^\d+(\/\w*)?$/.test(word) || statOrUndefined(word) !== undefined) return word;
  const library = ownLibrary(context);
  const [directory, port] = library.askAll([DIRECTORY_QUESTION, portQuestion(word)], { dir });
  return portFile(directory().path, port());
}

function explain(file: string): ControlFile {
  try {
    return readControlFile(file);
  } catch (error) {
    const prefix = error instanceof ControlFileError ? "not a control file: " : "";
    throw new UnsockError(`${file}: ${prefix}${reason(error)}`, { cause: error });
  }
}
