/** The words about a `PORT.sock` that is neither a socket nor a control file. */
import { EMPTY_FILE } from "../sockets/socket_files.ts";

/**
 * @param file.target Why the file is no control file.
 * @returns The file's effect on its port, and the advice.
 */
export function describeInvalid(
  { file, target }: { readonly file: string; readonly target: string | undefined },
): { readonly text: string; readonly advice: string } {
  const harm = "servers and clients fail with EINVAL";
  if (target !== EMPTY_FILE) {
    return { text: `${file} is no control file and no socket (${target}): ${harm}`, advice: `remove it: rm ${file}` };
  }
  // On CIFS without mfsymlinks, a link becomes an empty file when it is renamed. If a killed server has left its link,
  // the next server's bind renames a new link over it.
  return {
    text: `${file} is an empty file, where the link to its server should be: ${harm}`,
    advice: `remove it: rm ${file}; on CIFS, also mount with mfsymlinks, or name another directory with --dir`,
  };
}
