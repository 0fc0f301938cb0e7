/** `unsock path PORT[@ADDR][/udp]`: the path of a port's file, for scripts. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { isLinkToItself, parseName, readNames } from "../report/socket_names.ts";
import { type AddressedPort, firstOfSeveral, parseAddressedPort, portFile, wildcardOf } from "../run/ports.ts";

/**
 * Prints the path, whether the file is there or not. With an address: of the file that its clients are led to.
 *
 * @param options As on the command line.
 * @param port As the user wrote it.
 * @returns The exit status.
 * @throws {UsageError} When that is no port.
 * @throws {UnsockError} When an address is asked for, and the directory cannot be read.
 */
export function printPath(options: { readonly dir?: string }, port: string, context: Context): number {
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const parsed = parseAddressedPort(port);
  const file = portFile(directory, parsed);
  // Of several datagram sockets the first one has another name, which plain Unix programs can use.
  const first = isLinkToItself(directory, path.basename(file)) ? firstOfSeveral(directory, parsed) : file;
  context.print(`${ownFile(directory, parsed) ?? first}\n`);
  return 0;
}

/** The file with the address's own name, or with the wildcard's of its family. */
function ownFile(directory: string, { number, kind, address }: AddressedPort): string | undefined {
  if (address === undefined) return undefined;
  const names = readNames(directory).map((name) => ({ name, parsed: parseName(name) }))
    .filter(({ parsed }) => parsed?.port === number && parsed.kind === kind && !parsed.first);
  const of = (wanted: string) => names.find(({ parsed }) => parsed?.address?.text === wanted)?.name;
  const found = of(address) ?? of(wildcardOf(address));
  return found && path.join(directory, found);
}
