/** `unsock path PORT[@ADDR][/udp]`: the path of a port's file, for scripts; `unsock path --lib`: that of the library. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { findShim } from "../run/shim.ts";
import { UsageError } from "../system/errors.ts";
import { chooseDirectory } from "../run/directory.ts";
import { isLinkToItself, parseName, readNames } from "../report/socket_names.ts";
import { type AddressedPort, firstOfSeveral, parseAddressedPort, portFile, wildcardOf } from "../run/ports.ts";

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
 * @throws {UnsockError} When an address is asked for, and the directory cannot be read; or there is no library.
 */
export async function printPath(options: PathOptions, port: string | undefined, context: Context): Promise<number> {
  if (options.lib) {
    if (port !== undefined || options.dir !== undefined) throw new UsageError("path: --lib stands alone");
    context.print(`${await findShim(undefined, context.environ, context.system)}\n`);
    return 0;
  }
  if (port === undefined) throw new UsageError("path: PORT[@ADDR][/udp] is missing");
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const parsed = parseAddressedPort(port);
  const file = portFile(directory, parsed);
  // Of several datagram sockets the first one has another name, which plain Unix programs can use.
  const first = isLinkToItself(directory, path.basename(file)) ? firstOfSeveral(directory, parsed) : file;
  context.print(`${ownFile(directory, parsed) ?? first}\n`);
  return 0;
}

/** The file with the address's own name, with the wildcard's of its family, or with that of both families. */
function ownFile(directory: string, { number, kind, address }: AddressedPort): string | undefined {
  if (address === undefined) return undefined;
  const names = readNames(directory).map((name) => ({ name, parsed: parseName(name) }))
    .filter(({ parsed }) => parsed?.port === number && parsed.kind === kind && !parsed.first);
  const of = (wanted: string) => names.find(({ parsed }) => parsed?.address?.text === wanted)?.name;
  const found = of(address) ?? of(wildcardOf(address)) ?? names.find(({ parsed }) => parsed?.address?.forBoth)?.name;
  return found && path.join(directory, found);
}
