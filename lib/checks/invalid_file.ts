/** The words about a `PORT.sock` that is neither a socket nor a control file. */
import { EMPTY_FILE } from "../sockets/socket_files.ts";

/**
 * @param file.target Why the file is no control file.
 * @returns What it does to its port, and what to do.
 */
export function describeInvalid(
  { file, target }: { readonly file: string; readonly target: string | undefined },
): { readonly text: string; readonly advice: string } {
  const harm = "servers and clients fail with EINVAL";
  if (target !== EMPTY_FILE) {
    return { text: `${file} is no control file and no socket (${target}): ${harm}`, advice: `remove it: rm ${file}` };
  }
  // On CIFS without mfsymlinks, a link becomes an empty file when it is renamed, as the bind after a kill does.
  return {
    text: `${file} is an empty file, where the link to its server should be: ${harm}`,
    advice: `remove it: rm ${file}; on CIFS, also mount with mfsymlinks, or name another directory with --dir`,
  };
}
