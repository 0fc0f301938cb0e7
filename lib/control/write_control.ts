/** Writing control files: each appears with all its bytes or not at all, and never replaces another. */
import * as path from "@std/path/posix";
import { CONTROL_FILE_SIZE, type ControlFile, decodeControlFile, encodeControlFile } from "./control_file.ts";
import { describeTarget } from "./format_control.ts";
import { reason, UnsockError } from "../system/errors.ts";

/**
 * @param file Where to.
 * @param control What it says.
 * @throws {UnsockError} When something is there already, with what that is, or it cannot be written.
 */
export function writeControlFile(file: string, control: ControlFile): void {
  const part = path.join(path.dirname(file), `.unsock-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(part, encodeControlFile(control), { createNew: true });
    Deno.chmodSync(part, 0o644);
    Deno.linkSync(part, file);
  } catch (error) {
    throw new UnsockError(`control file ${file}: ${whyNot(error, file)}`, { cause: error });
  } finally {
    removeQuietly(part);
  }
}

/** @returns Whether exactly this control file is there already. */
export function isControlFile(file: string, control: ControlFile): boolean {
  try {
    const bytes = encodeControlFile(control);
    const status = Deno.statSync(file);
    if (!status.isFile || status.size !== CONTROL_FILE_SIZE) return false;
    return Deno.readFileSync(file).every((byte, index) => byte === bytes[index]);
  } catch {
    return false;
  }
}

function whyNot(error: unknown, file: string): string {
  if (error instanceof Deno.errors.AlreadyExists) return `exists already, ${whatIsThere(file)}`;
  const directory = path.dirname(file);
  if (error instanceof Deno.errors.NotFound) return `${directory} does not exist: make it first, mkdir -p ${directory}`;
  if (error instanceof Deno.errors.PermissionDenied) {
    return `you may not write to ${directory}: choose another with --dir`;
  }
  return reason(error);
}

function whatIsThere(file: string): string {
  const remove = "remove it first, or choose another port";
  try {
    const status = Deno.lstatSync(file);
    if (status.isSymlink) return `a link: ${remove}`;
    if (status.isSocket) return "a socket: a server has this port, or, if it is left over, --force replaces it";
    if (!status.isFile || status.size !== CONTROL_FILE_SIZE) return `and is no control file: ${remove}`;
    return `and leads to ${describeTarget(decodeControlFile(Deno.readFileSync(file)))}: ${remove}`;
  } catch {
    return remove;
  }
}

function removeQuietly(file: string): void {
  try {
    Deno.removeSync(file);
  } catch {
    // It was never made.
  }
}
