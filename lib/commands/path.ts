/** `unsock path PORT[/udp]`: the path of a port's file, for scripts. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { isLinkToItself } from "../report/socket_files.ts";
import { firstOfSeveral, parsePort, portFile } from "../run/ports.ts";

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
  const parsed = parsePort(port);
  const file = portFile(directory.path, parsed);
  // Of several datagram sockets the first one has another name, which plain Unix programs can use.
  const first = isLinkToItself(directory.path, path.basename(file)) ? firstOfSeveral(directory.path, parsed) : file;
  context.print(`${first}\n`);
  return 0;
}
