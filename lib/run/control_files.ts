/** Reads control files from paths that may name any kind of file. */
import * as fs from "node:fs";
import { CONTROL_FILE_SIZE, type ControlFile, ControlFileError, decodeControlFile } from "../control/format.ts";

/**
 * Reads a control file. Checks type and size first, so that it never blocks on a FIFO and never reads a large file.
 *
 * @param file The path; links are followed.
 * @throws {ControlFileError} When the file is no control file; the message gives the reason.
 * @throws {Error} When the file cannot be read.
 */
export function readControlFile(file: string): ControlFile {
  const status = fs.statSync(file);
  if (status.isSocket()) throw new ControlFileError("a real socket");
  if (!status.isFile()) throw new ControlFileError("not a regular file");
  if (status.size !== CONTROL_FILE_SIZE) {
    throw new ControlFileError(`${status.size} bytes long, not ${CONTROL_FILE_SIZE}`);
  }
  return decodeControlFile(fs.readFileSync(file));
}
