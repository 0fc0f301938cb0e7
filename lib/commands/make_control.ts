/** `unsock make-control`: writes a control file in the place of a socket file. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { controlFileFrom } from "../control/control_options.ts";
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { ownRunner } from "../run/own_runner.ts";
import { findShim } from "../run/shim.ts";
import { UsageError } from "../system/errors.ts";
import { heldPath } from "../system/held.ts";
import { cString, openShim } from "../system/ffi.ts";
import { describeTarget } from "../control/format_control.ts";
import { writeControlFile } from "../control/write_control.ts";
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
export async function makeControl(
  options: MakeControlOptions,
  file: string | undefined,
  context: Context,
): Promise<number> {
  const control = controlFileFrom(options, Deno.cwd(), Deno.realPathSync);
  const target = await placeOf(file, options, context);
  if (options.force) await removeLeftOver(path.resolve(target), context);
  writeControlFile(target, control);
  context.print(`${target}: ${describeTarget(control)}\n`);
  return 0;
}

async function placeOf(file: string | undefined, options: MakeControlOptions, context: Context): Promise<string> {
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
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid);
  prepareDirectory(directory, await ownRunner(context), options.force);
  return path.join(directory.path, `${port}.sock`);
}

/** By the library's own rules: a socket that somebody is bound to stays, and then the control file cannot be made. */
async function removeLeftOver(file: string, context: Context): Promise<void> {
  if (!isSocket(file)) return;
  const seen = path.join(heldPath(path.dirname(file), context.libc), path.basename(file));
  openShim(await findShim(undefined, context.environ, context.system)).unsock_prune(cString(seen), 1);
}

function isSocket(file: string): boolean {
  try {
    return Deno.lstatSync(file).isSocket === true;
  } catch {
    return false;
  }
}
