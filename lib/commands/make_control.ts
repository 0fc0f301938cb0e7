/** `unsock make-control`: writes a control file in the place of a socket file. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { encodeControlFile } from "../control/control_file.ts";
import { controlFileFrom } from "../control/control_options.ts";
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { reason, UnsockError, UsageError } from "../system/errors.ts";
import { describeTarget } from "../control/format_control.ts";
import type { ControlOptions } from "../control/option_table.ts";
import { parseDecimal } from "../system/numbers.ts";

interface MakeControlOptions extends ControlOptions {
  readonly dir?: string;
  readonly port?: string;
  readonly force?: boolean;
}

/**
 * Writes the file.
 *
 * @param options As on the command line.
 * @param file Where to; undefined: as the options say.
 * @returns The exit status.
 * @throws {UsageError} When options are missing, contradict each other or cannot be read.
 * @throws {UnsockError} When the file exists or cannot be written.
 */
export function makeControl(options: MakeControlOptions, file: string | undefined, context: Context): number {
  const control = controlFileFrom(options, Deno.cwd(), Deno.realPathSync);
  const target = placeOf(file, options, context);
  createComplete(target, encodeControlFile(control));
  context.print(`${target}: ${describeTarget(control)}\n`);
  return 0;
}

function placeOf(file: string | undefined, options: MakeControlOptions, context: Context): string {
  if (file !== undefined) {
    if (options.dir !== undefined || options.port !== undefined) {
      throw new UsageError("make-control: give either FILE or --dir and --port");
    }
    if (file === "") throw new UsageError("make-control: FILE: empty");
    return file;
  }
  const text = options.port ?? options.vsockPort;
  if (text === undefined) throw new UsageError("make-control: no file: give FILE or --port");
  const port = parseDecimal(text, 1, 65535);
  if (port === undefined) {
    const option = options.port === undefined ? "--vsock-port as the file's port" : "--port";
    throw new UsageError(`${option}: not a port between 1 and 65535: "${text}"`);
  }
  const { euid } = context.system;
  const directory = chooseDirectory(options.dir, context.environ, euid);
  prepareDirectory(directory, euid, options.force);
  return path.join(directory.path, `${port}.sock`);
}

/** A name appears with all its bytes or not at all, and never replaces another: `link` does both. */
function createComplete(file: string, bytes: Uint8Array): void {
  const part = path.join(path.dirname(file), `.unsock-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(part, bytes, { createNew: true });
    Deno.chmodSync(part, 0o644);
    Deno.linkSync(part, file);
  } catch (error) {
    throw new UnsockError(`control file ${file}: ${reason(error)}`, { cause: error });
  } finally {
    removeQuietly(part);
  }
}

function removeQuietly(file: string): void {
  try {
    Deno.removeSync(file);
  } catch {
    // It was never made.
  }
}
