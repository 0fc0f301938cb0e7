/** Finds a port's servers on the network and in other directories. Clients in this directory do not reach them. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import type { Library } from "../library/query.ts";
import { mayAccess } from "../library/access.ts";
import type { AddressedPort } from "../run/ports.ts";
import { Holders, type SocketHolder } from "../sockets/holders.ts";
import type { UnixSocketEntry } from "../sockets/unix_sockets.ts";
import { Environ, splitNul } from "../system/environ.ts";
import { listIpListeners } from "../system/ip_sockets.ts";
import { isSameFile, linkTarget, orUndefined, readText, statOrUndefined } from "../system/files.ts";
import { printable } from "../system/text.ts";
import { clientQuestion } from "./client_question.ts";
import type { OtherServer } from "./port_verdict.ts";

const { W_OK } = fs.constants;
const MOST = 8;

interface Server {
  readonly dir: string;
  readonly port: AddressedPort;
  readonly socket: UnixSocketEntry;
}

/** @returns The sockets, in any directory, that serve the port `wanted`; if it is undefined, any port. */
export function serversOf(sockets: readonly UnixSocketEntry[], wanted: AddressedPort | undefined): Server[] {
  const servers: Server[] = [];
  for (const socket of sockets) {
    const { path: file, port, listening, type, connected } = socket;
    const { dir } = path.parse(path.normalize(file));
    const serves = listening || (type === "datagram" && !connected);
    if (port === undefined || !serves || !dir.startsWith("/")) continue;
    if (wanted !== undefined && (port.number !== wanted.number || port.kind !== wanted.kind)) continue;
    servers.push({ dir, port: { ...port, address: undefined }, socket });
  }
  return servers;
}

/** True if the process is `unsock expose`: the library run as a program, or the front of `--http`. */
export function isExpose({ pid }: SocketHolder): boolean {
  const words = stringsOf(pid, "cmdline").map((word) => new TextDecoder().decode(word));
  const at = words.indexOf("expose");
  const isLibrary = /\/libunsock[^/]*\.so$/.test(linkTarget(`/proc/${pid}/exe`) ?? "");
  return at > 0 && (isLibrary || words.slice(0, at).some((word) => /(^|\/)(unsock(\.[mc]?js)?|main\.ts)$/.test(word)));
}

/**
 * @param directory The client's directory.
 * @param addresses The addresses that a client tries.
 * @returns The servers on the real network first, then the servers in other directories.
 */
export function findOthers(
  directory: string,
  port: AddressedPort,
  addresses: readonly string[],
  sockets: readonly UnixSocketEntry[],
  library: Library,
): OtherServer[] {
  const holders = new Holders();
  return [
    ...onNetwork(port, addresses, holders, library),
    ...elsewhere(directory, port, sockets, holders, library),
  ];
}

function nameOf(processes: readonly SocketHolder[]): string {
  return printable(processes.map(({ pid, name }) => `${name}[${pid}]`).join(" ")) || "a server";
}

function onNetwork(
  port: AddressedPort,
  addresses: readonly string[],
  holders: Holders,
  library: Library,
): OtherServer[] {
  const listeners = listIpListeners(port.number).filter(({ kind }) => kind === port.kind);
  const found = listeners.map(({ inode }) => holders.of(inode)).filter((processes) => !processes.some(isExpose));
  return found.map((processes) => ({
    place: "network",
    name: nameOf(processes),
    where: `${port.number}`,
    mayConnect: true,
    leftOutBy: processes.map(({ pid }) => whatLeavesOut(pid, port, addresses, library)).find((one) =>
      one !== undefined
    ),
  }));
}

/** Returns the setting by which a process excludes the port; undefined without one, or if it has not loaded unsock. */
function whatLeavesOut(
  pid: number,
  port: AddressedPort,
  addresses: readonly string[],
  library: Library,
): OtherServer["leftOutBy"] {
  if (!/\/libunsock[^/\n]*\.so$/m.test(readText(`/proc/${pid}/maps`) ?? "")) return undefined;
  const environ = new Environ(stringsOf(pid, "environ"));
  if (environ.getFilled("UNSOCK_OFF") === "1") return { variable: "UNSOCK_OFF", value: "1" };
  const [address] = addresses;
  if (address === undefined) return undefined;
  const variable = { port: "UNSOCK_PORT", address: "UNSOCK_ADDR", yes: undefined };
  const name = variable[library.with(environ).ask(clientQuestion(port, address)).covered];
  return name === undefined ? undefined : { variable: name, value: printable(environ.get(name) ?? "") };
}

function elsewhere(
  directory: string,
  port: AddressedPort,
  sockets: readonly UnixSocketEntry[],
  holders: Holders,
  library: Library,
): OtherServer[] {
  const found = new Map<string, OtherServer>();
  for (const { dir, socket } of serversOf(sockets, port)) {
    const processes = holders.of(socket.inode);
    const isInOtherRoot = processes.some(({ pid }) => isElsewhere(dir, `/proc/${pid}/root${dir}`));
    if (!isInOtherRoot && isSameFile(dir, directory)) continue;
    const key = `${isInOtherRoot} ${dir}`;
    if (found.has(key) || found.size === MOST) continue;
    found.set(key, {
      place: isInOtherRoot ? "root" : "directory",
      name: nameOf(processes),
      where: printable(dir),
      mayConnect: isInOtherRoot || mayAccess(library, socket.path, W_OK),
      leftOutBy: undefined,
    });
  }
  return [...found.values()];
}

/** True if `there` exists and is another directory than `here`. */
function isElsewhere(here: string, there: string): boolean {
  return statOrUndefined(there) !== undefined && !isSameFile(here, there);
}

/** Returns the strings in a file of /proc/PID; none if the process has ended, or this user may not read the file. */
function stringsOf(pid: number, file: "cmdline" | "environ"): Uint8Array[] {
  return orUndefined(() => splitNul(fs.readFileSync(`/proc/${pid}/${file}`))) ?? [];
}
