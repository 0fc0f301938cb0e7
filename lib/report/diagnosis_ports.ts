/** Why a client is refused: who listens in which directory, and whose rights stand in the way. */
import * as path from "@std/path/posix";
import { type ChosenDirectory } from "../run/directory.ts";
import { formatPort } from "../run/ports.ts";
import type { Context } from "../system/context.ts";
import { cString } from "../system/ffi.ts";
import { statOrUndefined } from "../system/files.ts";
import { listUnixSockets } from "../system/unix_sockets.ts";
import { printable } from "../system/text.ts";
import { userName } from "../system/users.ts";
import { type Finding, note, ok } from "./finding.ts";
import { listSocketFiles, type SocketFile } from "./socket_files.ts";

const AT_FDCWD = -100;
const AT_EACCESS = 0x200;
const [X_OK, W_OK] = [1, 2];
const SHOWN_MOST = 20;

/** @returns Findings about the ports in the directory, and in others. */
export function portFindings({ path: directory }: ChosenDirectory, context: Context): Finding[] {
  return [...ownPorts(directory, context), ...portsElsewhere(directory, context)];
}

function mayAccess(file: string, mode: number, { libc }: Context): boolean {
  return libc.faccessat(AT_FDCWD, cString(file), mode, AT_EACCESS) === 0;
}

function ownPorts(directory: string, context: Context): Finding[] {
  const status = statOrUndefined(directory);
  if (status === undefined) return [note("listeners", "nobody listens: the directory is not there", NOBODY)];
  if (!mayAccess(directory, X_OK, context)) {
    const whose = `${userName(status.uid ?? 0)}'s`;
    return [note("rights", `directory ${directory}: it is ${whose}, you may not enter it: EACCES`, RIGHTS)];
  }
  let files: readonly SocketFile[];
  try {
    files = listSocketFiles(directory, context.libc);
  } catch {
    return [note("listeners", `directory ${directory}: you may enter it, but not read who listens there`)];
  }
  const there = files.filter(({ state }) => state === "alive" || state === "control");
  const closed = there.filter(({ file }) =>
    !mayAccess(file, W_OK, context) && statOrUndefined(file)?.isSocket === true
  );
  return [
    there.length === 0
      ? note("listeners", "nobody listens in the directory", NOBODY)
      : ok("listeners", describe(there)),
    ...closed.map(({ file, uid, mode }) => {
      const rights = `${userName(uid)}'s, mode ${mode.toString(8).padStart(4, "0")}`;
      return note("rights", `${file}: it is ${rights}: you may not connect: EACCES`, RIGHTS);
    }),
    ...files.filter(({ state }) => state === "stale").map(({ file }) =>
      note("stale", `${file}: left over: connections are refused: ECONNREFUSED`, "unsock prune removes such files")
    ),
    ...files.filter(({ state, listening }) => state === "alive" && listening === false).map(({ file }) =>
      note(
        "bound",
        `${file}: bound, but nobody listens yet: ECONNREFUSED`,
        "unsock wait PORT waits until somebody does",
      )
    ),
  ];
}

const NOBODY = "a client is refused (ECONNREFUSED) until a server is started in this directory, with the same --dir";
const RIGHTS = "the server's --group and --mode decide: README.md, Everyday recipes";

function describe(files: readonly SocketFile[]): string {
  const ports = files.slice(0, SHOWN_MOST).map(({ port, address, kind, target, processes }) => {
    const who = target ?? processes.map(({ pid, name }) => `${name}[${pid}]`).join(" ");
    return `${formatPort({ number: port, kind, address: address?.text })}${who === "" ? "" : ` (${printable(who)})`}`;
  });
  return `listeners: ${ports.join(", ")}${files.length > SHOWN_MOST ? ", ..." : ""}`;
}

/** Another directory with the same kind of names is where the other side may be. */
function portsElsewhere(directory: string, { libc }: Context): Finding[] {
  const ports = new Map<string, Set<string>>();
  for (const socket of listUnixSockets(libc)) {
    const { dir, base } = path.parse(path.normalize(socket.path));
    const port = /^\.?(\d{1,5})(@[^/]+)?(\.dgram\.sock|\.sock|\.udp)$/.exec(base)?.[1];
    const serves = socket.listening || (socket.type === "datagram" && !socket.connected);
    if (port === undefined || !serves || !dir.startsWith("/") || sameDirectory(dir, directory)) continue;
    ports.set(dir, (ports.get(dir) ?? new Set()).add(port));
  }
  return Array.from(ports).toSorted().slice(0, SHOWN_MOST).map(([dir, numbers]) => {
    const text = `another directory, ${printable(dir)}: ${[...numbers].slice(0, SHOWN_MOST).join(", ")}`;
    return note("elsewhere", text, `a client of these needs --dir ${printable(dir)}`);
  });
}

function sameDirectory(one: string, other: string): boolean {
  const [a, b] = [statOrUndefined(one), statOrUndefined(other)];
  return one === other || (a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino);
}
