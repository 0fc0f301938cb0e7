/** `unsock path PORT[@ADDR][/udp]`: the path of a port's file, for scripts. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { isLinkToItself } from "../report/socket_files.ts";
import { addressFile, firstOfSeveral, parsePort, portFile } from "../run/ports.ts";
import { UsageError } from "../system/errors.ts";
import { formatIp, parseIpv4, parseIpv6 } from "../system/ip.ts";

/**
 * Prints the path, whether the file is there or not. With an address: of the file that its clients are led to.
 *
 * @param options As on the command line.
 * @param port As the user wrote it.
 * @returns The exit status.
 * @throws {UsageError} When that is no port.
 */
export function printPath(options: { readonly dir?: string }, port: string, context: Context): number {
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const [, digits = port, address, protocol = ""] = /^(\d+)@([^/]*)(.*)$/.exec(port) ?? [];
  const parsed = parsePort(`${digits}${protocol}`);
  const own = address === undefined ? [] : namesOf(address).map((name) => addressFile(directory, parsed, name));
  const file = portFile(directory, parsed);
  // Of several datagram sockets the first one has another name, which plain Unix programs can use.
  const first = isLinkToItself(directory, path.basename(file)) ? firstOfSeveral(directory, parsed) : file;
  context.print(`${own.find(exists) ?? first}\n`);
  return 0;
}

/** The address's own name, and the wildcard's of its family. */
function namesOf(address: string): string[] {
  const ipv4 = parseIpv4(address);
  const ip = ipv4 ?? parseIpv6(address);
  if (ip === undefined) throw new UsageError(`PORT@ADDR: not an IP address: "${address}"`);
  return [formatIp(ip), ipv4 === undefined ? "::" : "0.0.0.0"];
}

function exists(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch {
    return false;
  }
}
