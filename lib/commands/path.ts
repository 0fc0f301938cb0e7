/** `unsock path PORT[@ADDR][/udp]`: the path of a port's file, for scripts; `unsock path --lib`: that of the library. */
import type { Context } from "../system/context.ts";
import { ownRunner } from "../run/own_runner.ts";
import { findShim } from "../run/shim.ts";
import { UsageError } from "../system/errors.ts";
import { chooseDirectory } from "../run/directory.ts";
import { clientPath } from "../report/socket_names.ts";
import { parseAddressedPort, portFile } from "../run/ports.ts";

interface PathOptions {
  readonly dir?: string;
  readonly lib?: true;
}

/**
 * Prints the path, whether the file is there or not. With an address: of the file that its clients are led to.
 *
 * @param options As on the command line.
 * @param port As the user wrote it; undefined: the library is meant, and proved.
 * @returns The exit status.
 * @throws {UsageError} When that is no port.
 * @throws {UnsockError} When the library is needed, and there is none.
 */
export async function printPath(options: PathOptions, port: string | undefined, context: Context): Promise<number> {
  if (options.lib) {
    if (port !== undefined || options.dir !== undefined) throw new UsageError("path: --lib stands alone");
    context.print(`${await findShim(undefined, context.environ, context.system)}\n`);
    return 0;
  }
  if (port === undefined) throw new UsageError("path: PORT[@ADDR][/udp] is missing");
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const { address, ...parsed } = parseAddressedPort(port);
  // Where no address is asked for there is nothing to ask the library.
  const file = address === undefined
    ? portFile(directory, parsed)
    : clientPath(directory, { ...parsed, address }, await ownRunner(context));
  context.print(`${file}\n`);
  return 0;
}
