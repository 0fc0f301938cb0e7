/** Formats the list of all loopbacks as a table, and as JSON. */
import { alignColumns } from "../system/table.ts";
import { printable } from "../system/text.ts";
import { effectiveUser, userName } from "../system/users.ts";
import { countByPort, formatAddressedPort, holderNames, socketFileToJson, urlOfFile } from "./format_sockets.ts";
import type { Place } from "./places.ts";
import type { SocketFile } from "./socket_files.ts";

/** A loopback, and what is in it. */
export interface ListedPlace extends Place {
  readonly files: readonly SocketFile[];
  /** URLs for a browser, by TCP port, while `expose --http` runs. */
  readonly urls: ReadonlyMap<number, string>;
}

/** True if the file has a row: it is a server's or a control file, not a UDP client's, and not stale. */
export function isServed({ state, asks }: SocketFile): boolean {
  return asks === undefined && ["alive", "control", "unknown"].includes(state);
}

/** @returns The object that `docs/json.md` describes. */
export function placeToJson({ name, path, uid, files, urls }: ListedPlace): Record<string, unknown> {
  return {
    name: name ?? null,
    directory: path,
    owner: userName(uid),
    uid,
    ports: files.map((file) => socketFileToJson(file, urls)),
  };
}

function describeHolders({ target, processes }: SocketFile): string {
  const [first = "-", ...others] = holderNames(processes);
  return target ?? `${first}${others.length > 0 ? ` +${others.length}` : ""}`;
}

/** Groups the files that have a common line in the table: the sockets of one server at one port. */
function byServer(files: readonly SocketFile[]): SocketFile[][] {
  const groups = new Map<string, SocketFile[]>();
  for (const file of files) {
    const key = `${file.port} ${file.kind} ${describeHolders(file)}`;
    groups.set(key, [...groups.get(key) ?? [], file]);
  }
  return [...groups.values()];
}

function rowsOf({ name, path, uid, files, urls }: ListedPlace): string[][] {
  const servers = byServer(files.filter(isServed));
  const serversOf = countByPort(servers.flatMap(([first]) => first ?? []));
  const row = (port: string, who: string, clients: string, url: string) =>
    [name ?? "-", port, who, clients, url, userName(uid), path].map(printable);
  if (servers.length === 0) return [row("-", "-", "-", "-")];
  return servers.flatMap((sockets) => {
    const [file] = sockets;
    if (file === undefined) return [];
    const port = serversOf(file) === 1 ? `${file.port}` : formatAddressedPort(file, serversOf(file));
    const clients = sockets.reduce((sum, { connections }) => sum + connections, 0);
    const isCounted = file.state === "alive" && file.kind === "stream";
    return [row(
      `${port}${file.kind === "stream" ? "" : "/udp"}`,
      describeHolders(file),
      isCounted ? `${clients}` : "-",
      sockets.map((one) => urlOfFile(one, urls)).find((url) => url !== undefined) ?? "-",
    )];
  });
}

const [USER, URL_COLUMN] = [5, 4];

/** A terminal. The directory at the end of a line is shortened to fit into the terminal's width. */
export interface Terminal {
  readonly columns: number;
  /** The user's home, which is shown as `~`. */
  readonly home: string | undefined;
}

/** However narrow the terminal is, the directory gets this many characters, so that users still recognize it. */
const DIRECTORY_LEAST = 16;

/** Shortens the directory at the end of a line: writes the user's home as `~`, and cuts the front of a long path. */
function fit(line: string, directory: string, { columns, home }: Terminal): string {
  if (!line.endsWith(directory)) return line;
  const before = line.slice(0, -directory.length);
  const room = Math.max(columns - before.length, DIRECTORY_LEAST);
  const short = home !== undefined && directory.startsWith(`${home}/`) ? `~${directory.slice(home.length)}` : directory;
  if (short.length <= room) return `${before}${short}`;
  const tail = short.slice(1 - room);
  return `${before}…${tail.slice(Math.max(tail.indexOf("/"), 0))}`;
}

/**
 * @param terminal The terminal for which directories are shortened, or undefined if the output is no terminal.
 * @returns A table. The column of URLs is missing if no port has a URL, and the column of owners if the caller owns all
 *   loopbacks.
 */
export function formatPlaces(
  places: readonly ListedPlace[],
  port: number | undefined,
  terminal: Terminal | undefined,
): string {
  if (places.length === 0) {
    return port === undefined
      ? "no loopback is in use: unsock run --name NAME -- COMMAND starts one\n"
      : `no loopback has a server at port ${port}\n`;
  }
  const rows = places.flatMap(rowsOf);
  const isShown = (column: number) =>
    column === USER
      ? places.some(({ uid }) => uid !== effectiveUser())
      : column !== URL_COLUMN || rows.some((row) => row[URL_COLUMN] !== "-");
  const titles = ["NAME", "PORT", "PROCESS OR TARGET", "CLIENTS", "URL", "OWNER", "DIRECTORY"];
  const table = [titles, ...rows].map((row) => row.filter((_, column) => isShown(column)));
  const lines = alignColumns(table);
  const fitting = terminal === undefined
    ? lines
    : lines.map((line, at) => fit(line, table[at]?.at(-1) ?? "", terminal));
  return fitting.map((line) => `${line}\n`).join("");
}
