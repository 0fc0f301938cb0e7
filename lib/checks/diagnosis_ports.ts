/** Finds why a client is refused: checks the listeners in each directory and on real IP, and the user's rights. */
import * as fs from "node:fs";
import type { ChosenDirectory } from "../run/run_settings.ts";
import { type AddressedPort, formatPort, wildcardOf } from "../run/ports.ts";
import type { Library } from "../library/query.ts";
import { mayAccess } from "../library/access.ts";
import { UnsockError } from "../system/errors.ts";
import { isSameFile, statOrUndefined } from "../system/files.ts";
import { printable } from "../system/text.ts";
import { groupName, rightsOf } from "../system/users.ts";
import { describeTarget, unixName } from "../control/words.ts";
import { readControlFile } from "../run/control_files.ts";
import { listIpListeners } from "../system/ip_sockets.ts";
import { bad, type Finding, note, ok } from "./finding.ts";
import { describeInvalid } from "./invalid_file.ts";
import { isExpose, serversOf } from "./other_servers.ts";
import { Holders } from "../sockets/holders.ts";
import { listSocketFiles, type SocketFile } from "../sockets/socket_files.ts";
import { type SocketName, stateQuestion } from "../sockets/socket_names.ts";
import type { UnixSocketEntry } from "../sockets/unix_sockets.ts";

const { W_OK, X_OK } = fs.constants;
const SHOWN_MOST = 20;
const DIRECTORIES_MOST = 8;

/** The facts from which this module makes its findings. */
interface Question {
  readonly library: Library;
  /** Returns the names in the directory, or throws the reason why they cannot be read. */
  readonly names: () => readonly SocketName[];
  /** The Unix sockets of the network namespace that have a path. */
  readonly sockets: readonly UnixSocketEntry[];
  /** The port that the user asked about, or undefined for all ports. */
  readonly port: AddressedPort | undefined;
}

/** @returns Findings about the servers of one port, or of all: in the directory, elsewhere and on real IP. */
export function portFindings({ path: directory }: ChosenDirectory, question: Question): Finding[] {
  return [...ownPorts(directory, question), ...portsElsewhere(directory, question)];
}

/**
 * Lists files for the port's verdict.
 *
 * @param question A question whose `names` returns the names of one port only.
 * @returns The port's files in the directory, of TCP and UDP, on all addresses.
 */
export function listPortFiles({ path: directory }: ChosenDirectory, question: Question): SocketFile[] {
  return listFiles(directory, { ...question, port: undefined }) ?? [];
}

/** Lists the files of one port, or of all ports. Returns undefined if this fails, which `ownPorts` reports. */
function listFiles(directory: string, { names, sockets, port }: Question): SocketFile[] | undefined {
  try {
    return listSocketFiles(directory, { names: names(), sockets }).filter((file) => isWanted(file, port));
  } catch (error) {
    if (!(error instanceof UnsockError)) throw error;
    return undefined;
  }
}

function ownPorts(directory: string, question: Question): Finding[] {
  const { library, port } = question;
  const status = statOrUndefined(directory);
  const where = port === undefined ? "" : ` at ${formatPort(port)}`;
  if (status === undefined) {
    const text = `nobody listens${where}: the directory does not exist`;
    return [
      port === undefined ? note("listeners", text, NOBODY) : bad("listeners", text, NOBODY),
      ...onRealIp([], port),
    ];
  }
  if (!mayAccess(library, directory, X_OK)) {
    const forGroup = (status.mode & 0o010) !== 0 ? `members of the group ${groupName(status.gid)} may; ` : "";
    return [
      note("rights", `directory ${directory}: ${rightsOf(status)}: you may not enter it: EACCES`, forGroup + RIGHTS),
    ];
  }
  const files = listFiles(directory, question);
  if (files === undefined) {
    return [note("listeners", `directory ${directory}: you may enter it, but not list its files`)];
  }
  const there = files.filter(({ state }) => state === "alive" || state === "control");
  const closed = there.filter(({ file }) =>
    !mayAccess(library, file, W_OK) && statOrUndefined(file)?.isSocket() === true
  );
  return [
    there.length > 0
      ? ok("listeners", describe(there))
      : port === undefined
      ? note("listeners", "nobody listens in the directory", NOBODY)
      : bad("listeners", `nobody listens${where} in the directory`, NOBODY),
    ...closed.map((file) => note("rights", `${file.file}: ${rightsOf(file)}: you may not connect: EACCES`, RIGHTS)),
    ...files.filter(({ state }) => state === "stale").map(({ file }) =>
      note("stale", `${file}: stale: connections are refused: ECONNREFUSED`, "unsock prune removes such files")
    ),
    ...files.filter(({ state, listening }) => state === "alive" && listening === false).map(({ file }) =>
      note(
        "bound",
        `${file}: bound, but not listening yet: ECONNREFUSED`,
        "unsock wait PORT waits until its server listens",
      )
    ),
    ...there.flatMap((file) => leadsToNobody(file, library)),
    ...port === undefined ? files.flatMap(invalidFinding) : [], // for one port, the verdict reports the invalid file
    ...onRealIp(there, port),
  ];
}

/** Reports a file that makes the servers and clients of its port fail. */
function invalidFinding(file: SocketFile): Finding[] {
  if (file.state !== "invalid") return [];
  const { text, advice } = describeInvalid(file);
  return [note("control", text, advice)];
}

function isWanted({ kind, address }: SocketFile, port: AddressedPort | undefined): boolean {
  if (port === undefined) return true;
  if (kind !== port.kind || port.address === undefined || address === undefined) return kind === port.kind;
  return address.text === port.address || address.text === wildcardOf(port.address) || address.forBoth;
}

/** Reports a control file whose target or multiplexer is a Unix socket that is missing or stale. */
function leadsToNobody({ file, state }: SocketFile, library: Library): Finding[] {
  if (state !== "control") return [];
  const control = readControlFile(file);
  const address = control.target.kind === "firecracker" ? control.target.proxy : control.target;
  if (address.kind !== "unix" || address.abstract) return [];
  const socket = unixName(address);
  const status = statOrUndefined(socket);
  if (status !== undefined && !(status.isSocket() && library.ask(stateQuestion(socket)) === "stale")) return [];
  const why = status === undefined ? "no such file" : "stale";
  return [
    note(
      "control",
      `${file}: ${describeTarget(control)}: no server listens: ${why}`,
      `clients are refused until a server listens at ${socket}`,
    ),
  ];
}

/** Reports servers on real IP, which clients under unsock do not reach. */
function onRealIp(there: readonly SocketFile[], port: AddressedPort | undefined): Finding[] {
  // If the user names no port and the directory has servers, servers on real IP are no fault, and are not reported.
  if (port === undefined && there.length > 0) return [];
  const distinct = ipListeners(port);
  if (distinct.length === 0) return [];
  const protocol = port?.kind === "datagram" ? "UDP" : "TCP";
  const text = `on real ${protocol}, without unsock: ${distinct.slice(0, SHOWN_MOST).join(", ")}${
    distinct.length > SHOWN_MOST ? ", ..." : ""
  }`;
  const advice =
    "a client under unsock does not reach it: start the server with unsock run too, or the client without it";
  return [port !== undefined && there.length === 0 ? bad("tcp", text, advice) : note("tcp", text, advice)];
}

/** @returns The listeners on real IP, such as `8000 (python3[12])`, without those of `unsock expose`. */
function ipListeners(port: AddressedPort | undefined): string[] {
  const holders = new Holders();
  const listeners = listIpListeners(port?.number).filter(({ kind }) => kind === (port?.kind ?? "stream"));
  const texts = listeners.map(({ port: number, kind, inode }) => {
    const processes = holders.of(inode);
    if (processes.some(isExpose)) return undefined; // expose forwards to the directory
    const who = processes.map(({ pid, name }) => `${name}[${pid}]`).join(" ");
    return `${formatPort({ number, kind, address: undefined })}${who === "" ? "" : ` (${printable(who)})`}`;
  });
  return [...new Set(texts.filter((text) => text !== undefined))];
}

const NOBODY = "a client is refused (ECONNREFUSED) until a server is started in this directory, with the same --dir";
const RIGHTS = "the server's --group and --mode decide: docs/recipes.md";

function describe(files: readonly SocketFile[]): string {
  const ports = files.slice(0, SHOWN_MOST).map(({ port, address, kind, target, processes }) => {
    const who = target ?? processes.map(({ pid, name }) => `${name}[${pid}]`).join(" ");
    return `${formatPort({ number: port, kind, address: address?.text })}${who === "" ? "" : ` (${printable(who)})`}`;
  });
  return `listeners: ${ports.join(", ")}${files.length > SHOWN_MOST ? ", ..." : ""}`;
}

/** Returns the other directories with a server of the wanted port, or of any port, each with its servers' ports. */
function directoriesElsewhere(directory: string, { sockets, port: wanted }: Question): Map<string, Set<string>> {
  const ports = new Map<string, Set<string>>();
  for (const { dir, port } of serversOf(sockets, wanted)) {
    if (!isSameFile(dir, directory)) ports.set(dir, (ports.get(dir) ?? new Set()).add(`${port.number}`));
  }
  return ports;
}

/** Reports, in one line, the other directories that have a server of the port: at most `DIRECTORIES_MOST` of them. */
function portsElsewhere(directory: string, question: Question): Finding[] {
  const ports = directoriesElsewhere(directory, question);
  const shown = Array.from(ports).toSorted().slice(0, DIRECTORIES_MOST).map(([dir, numbers]) =>
    `${printable(dir)}: ${[...numbers].slice(0, SHOWN_MOST).join(", ")}`
  );
  const [first] = ports.keys();
  if (first === undefined) return [];
  if (ports.size === 1) {
    return [note("elsewhere", `another directory, ${shown[0]}`, `a client of these needs --dir ${printable(first)}`)];
  }
  const more = ports.size > shown.length ? "; ..." : "";
  return [
    note(
      "elsewhere",
      `${ports.size} other directories: ${shown.join("; ")}${more}`,
      "a client of these needs --dir DIRECTORY",
    ),
  ];
}
