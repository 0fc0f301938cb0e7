/** `unsock show-control FILE|PORT`: explains a control file. */
import type { Context } from "../system/context.ts";
import { CONTROL_FILE_SIZE, ControlFileError, describeControl, explainControl } from "../control/control_facts.ts";
import { reason, UnsockError } from "../system/errors.ts";
import { chooseDirectory } from "../run/directory.ts";
import { portFile, readPort } from "../run/ports.ts";
import { statOrUndefined } from "../system/files.ts";
import { ownRunner } from "../run/own_runner.ts";
import type { Runner } from "../system/ffi.ts";

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
  const runner = await ownRunner(context);
  const control = readControlFile(fileOf(word, options, context, runner), runner);
  const { proxyWords: _, destinationWords: __, ...facts } = control;
  context.print(options.json ? `${JSON.stringify(facts, null, 2)}\n` : describeControl(control));
  return 0;
}

/** A number is a port, unless a file has that name. */
function fileOf(word: string, { dir }: ShowOptions, { environ }: Context, runner: Runner): string {
  if (!/^\d+(\/\w*)?$/.test(word) || statOrUndefined(word) !== undefined) return word;
  return portFile(chooseDirectory(dir, environ, runner).path, readPort(word, runner));
}

/**
 * @param file Its path: anything may be there.
 * @returns What it says.
 * @throws {UnsockError} When it cannot be read or is no control file.
 */
function readControlFile(file: string, runner: Runner): ReturnType<typeof explainControl> {
  try {
    return explainControl(readRegularFile(file), runner);
  } catch (error) {
    if (error instanceof UnsockError) throw error;
    const prefix = error instanceof ControlFileError ? "not a control file: " : "";
    throw new UnsockError(`${file}: ${prefix}${reason(error)}`, { cause: error });
  }
}

/** Never waits on a FIFO, never reads more than it needs. */
function readRegularFile(file: string): Uint8Array {
  const status = Deno.statSync(file);
  if (status.isSocket) throw new UnsockError(`${file}: not a control file: a real socket`);
  if (!status.isFile) throw new UnsockError(`${file}: not a control file: not a regular file`);
  if (status.size !== CONTROL_FILE_SIZE) {
    throw new ControlFileError(`${status.size} bytes long, not ${CONTROL_FILE_SIZE}`);
  }
  return Deno.readFileSync(file);
}
