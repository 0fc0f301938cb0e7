/** Formats the list of all loopbacks as a table, and as JSON. */
import { alignColumns } from "../system/table.ts";
import { printable } from "../system/text.ts";
import { userName } from "../system/users.ts";
import { countByPort, formatAddressedPort, holderNames, socketFileToJson, urlOfFile } from "./format_sockets.ts";
import type { Place } from "./places.ts";
import type { SocketFile } from "./socket_files.ts";

/** A loopback, and what is in it. */
export interface ListedPlace extends Place {
  readonly files: readonly SocketFile[];
  /** URLs for a browser, by TCP port, while `expose --http` runs. */
  readonly urls: ReadonlyMap<number, string>;
}

/** True if a file has a row: a server or a control file, no client of UDP, and nothing stale. */
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

function rowsOf({ name, path, uid, files, urls }: ListedPlace): string[][] {
  const served = files.filter(isServed);
  const socketsOf = countByPort(served);
  const row = (port: string, who: string, clients: string, url: string) =>
    [name ?? "-", port, who, clients, url, userName(uid), path].map(printable);
  if (served.length === 0) return [row("-", "-", "-", "-")];
  return served.map((file) =>
    row(
      `${socketsOf(file) === 1 ? file.port : formatAddressedPort(file, 2)}${file.kind === "stream" ? "" : "/udp"}`,
      describeHolders(file),
      file.state === "alive" && file.kind === "stream" ? `${file.connections}` : "-",
      urlOfFile(file, urls) ?? "-",
    )
  );
}

const [USER, URL_COLUMN] = [5, 4];

/** @returns A table; columns in which all rows have the same nothing, or one user, are left out. */
export function formatPlaces(places: readonly ListedPlace[], port: number | undefined): string {
  if (places.length === 0) {
    return port === undefined
      ? "no loopback is in use: unsock run --name NAME -- COMMAND starts one\n"
      : `no loopback has a server at port ${port}\n`;
  }
  const rows = places.flatMap(rowsOf);
  const isShown = (column: number) =>
    column === USER
      ? new Set(rows.map((row) => row[USER])).size > 1
      : column !== URL_COLUMN || rows.some((row) => row[URL_COLUMN] !== "-");
  const titles = ["NAME", "PORT", "PROCESS OR TARGET", "CLIENTS", "URL", "OWNER", "DIRECTORY"];
  const table = [titles, ...rows].map((row) => row.filter((_, column) => isShown(column)));
  return alignColumns(table).map((line) => `${line}\n`).join("");
}
