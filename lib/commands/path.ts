/** `unsock path PORT[/udp]`: the path of a port's file, for scripts. */
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { parsePort, portFile } from "../run/ports.ts";

/**
 * Prints the path, whether the file is there or not.
 *
 * @param options As on the command line.
 * @param port As the user wrote it.
 * @returns The exit status.
 * @throws {UsageError} When that is no port.
 */
export function printPath(options: { readonly dir?: string }, port: string, context: Context): number {
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid);
  context.print(`${portFile(directory.path, parsePort(port))}\n`);
  return 0;
}
