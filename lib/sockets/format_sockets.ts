/** Formats a list of socket files as a table, and as JSON. */
import { printable } from "../system/text.ts";
import { LENGTHEN_QUEUE } from "./datagram_queue.ts";
import type { Client } from "./clients.ts";
import type { SocketHolder } from "./holders.ts";
import type { SocketFile } from "./socket_files.ts";
import { alignColumns, formatMinute } from "../system/table.ts";
import { userName } from "../system/users.ts";

export interface SocketList {
  readonly directory: string;
  readonly exists: boolean;
  readonly port: number | undefined;
  readonly files: readonly SocketFile[];
  readonly isRoot: boolean;
  /** How many datagrams a queue holds, or undefined if queues are long enough for busy servers. */
  readonly queue: number | undefined;
  /** URLs for a browser, by TCP port, while `expose --http` runs. */
  readonly urls: ReadonlyMap<number, string>;
}

/** @returns The URL that leads to this file's server, or undefined if there is none. */
export function urlOfFile({ first, port, kind }: SocketFile, urls: SocketList["urls"]): string | undefined {
  return first && kind === "stream" ? urls.get(port) : undefined;
}

function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function holderToJson({ pid, name, uid, started }: SocketHolder): Record<string, unknown> {
  return { pid, name, user: uid === undefined ? null : userName(uid), started: started?.toISOString() ?? null };
}

function clientToJson({ address, server, unreadByServer, unreadByClient, processes }: Client): unknown {
  return {
    address: address ?? null,
    server: server ?? null,
    unreadByServer,
    unreadByClient: unreadByClient ?? null,
    processes: processes.map(holderToJson),
  };
}

/** @returns The object that `docs/json.md` describes. */
export function socketFileToJson(file: SocketFile, urls: SocketList["urls"]): Record<string, unknown> {
  const { first: _first, own: _own, address, asks, uid, mode, target, listening, since, processes, clients, ...rest } =
    file;
  return {
    ...rest,
    address: address?.text ?? null,
    asks: asks ?? null,
    target: target ?? null,
    url: urlOfFile(file, urls) ?? null,
    owner: userName(uid),
    uid,
    mode: formatMode(mode),
    listening: listening ?? null,
    since: since?.toISOString() ?? null,
    processes: processes.map(holderToJson),
    ...clients === undefined ? {} : { clients: clients.map(clientToJson) },
  };
}

/** @returns A function that tells how many of these files have the port of a given file. */
export function countByPort(files: readonly SocketFile[]): (file: SocketFile) => number {
  const keyOf = ({ port, kind }: SocketFile) => `${port} ${kind}`;
  const counts = new Map<string, number>();
  for (const file of files) counts.set(keyOf(file), (counts.get(keyOf(file)) ?? 0) + 1);
  return (file) => counts.get(keyOf(file)) ?? 0;
}

/** @returns `9042@127.0.0.2`; `9042` if the address is unknown, or is a wildcard and the port has no other socket. */
export function formatAddressedPort({ first, port, address }: SocketFile, sockets: number): string {
  const isPlain = address === undefined || (first && sockets === 1 && ["0.0.0.0", "::"].includes(address.text));
  return isPlain ? `${port}` : `${port}@${address.text}`;
}

/** @returns A table under the directory's name. */
export function formatSocketTable({ directory, exists, port, files, isRoot, queue, urls }: SocketList): string {
  const title = `${printable(directory)}:`;
  if (files.length === 0) {
    if (!exists) return `${title} does not exist yet\n`;
    return `${title} nothing${port === undefined ? "" : ` at port ${port}`}\n`;
  }
  const socketsOf = countByPort(files);
  const rows = files.map((file) => [
    formatAddressedPort(file, socketsOf(file)),
    file.kind,
    describeState(file),
    userName(file.uid),
    formatMode(file.mode),
    file.state === "alive" && file.kind === "stream" ? `${file.connections}` : "-",
    formatMinute(file.since),
    printable(file.target ?? describeHolders(file)),
    ...urls.size > 0 ? [urlOfFile(file, urls) ?? "-"] : [],
  ]);
  const titles = ["PORT", "KIND", "STATE", "OWNER", "MODE", "CLIENTS", "SINCE", "PROCESS OR TARGET"];
  const table = [[...titles, ...urls.size > 0 ? ["URL"] : []], ...rows];
  const unseen = !isRoot && files.some(({ state, processes }) => state === "alive" && processes.length === 0);
  const isShort = queue !== undefined && files.some(({ state, kind }) => state === "alive" && kind === "datagram");
  return [
    title,
    ...alignColumns(table),
    ...clientLines(files),
    ...unseen ? ["(only root sees the processes of other users)"] : [],
    ...isShort
      ? [`(a queue holds ${queue} datagrams here; root can lengthen new sockets' queues: ${LENGTHEN_QUEUE})`]
      : [],
  ]
    .map((line) => `${line}\n`).join("");
}

function describeState({ state, kind, listening }: SocketFile): string {
  if (state !== "alive" || kind === "datagram" || listening === undefined) return state;
  return listening ? "listening" : "bound";
}

/** Returns the lines of a table of the clients; none if the caller did not ask for clients. */
function clientLines(files: readonly SocketFile[]): string[] {
  if (files.every(({ clients }) => clients === undefined)) return [];
  const clients = files.flatMap(({ clients }) => clients ?? []);
  const waiting = files.reduce((sum, { backlog }) => sum + backlog, 0);
  const late = waiting > 0 ? [`(${waiting} more: their server has not accepted them yet)`] : [];
  if (clients.length === 0) return late;
  const rows = clients.map(({ address, server, unreadByServer, unreadByClient, processes }) => [
    address ?? "plain Unix",
    server ?? "-",
    `${unreadByServer}`,
    `${unreadByClient ?? "-"}`,
    formatMinute(processes[0]?.started),
    printable(holderNames(processes).join(" ") || "-"),
  ]);
  const titles = ["CLIENT", "OF", "UNREAD BY SERVER", "BY CLIENT", "STARTED", "PROCESS"];
  return ["", ...alignColumns([titles, ...rows]), ...late];
}

/** @returns Each process as `python3 -m http.server[4242]`. */
export function holderNames(processes: readonly SocketHolder[]): string[] {
  return processes.map(({ pid, name }) => `${name}[${pid}]`);
}

function describeHolders({ processes, asks }: SocketFile): string {
  const holders = holderNames(processes);
  if (asks !== undefined) holders.push(`(asks ${asks})`);
  return holders.join(" ") || "-";
}
