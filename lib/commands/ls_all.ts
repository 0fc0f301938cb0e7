/** `unsock ls --all` and `ls --url`: the loopbacks of the user, or for root of all users. */
import type { Library } from "../library/query.ts";
import { urlsByFront } from "../expose/record.ts";
import { formatPlaces, isServed, type ListedPlace, placeToJson, type Terminal } from "../sockets/format_places.ts";
import { Holders } from "../sockets/holders.ts";
import { listPlaces, type OwnPlaces } from "../sockets/places.ts";
import { listSocketFiles, type SocketFile } from "../sockets/socket_files.ts";
import { namesQuestion } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../sockets/unix_sockets.ts";
import { UnsockError } from "../system/errors.ts";

/** The loopbacks and the port to list. */
export interface AllWishes extends OwnPlaces {
  readonly library: Library;
  readonly port: number | undefined;
}

/** @returns The URLs of a directory's servers, by port; none unless `expose --http` runs. */
export function urlsOf(
  base: string | undefined,
  directory: string,
  files: readonly SocketFile[],
  port: number | undefined,
): Map<number, string> {
  const served = files.filter(({ first, kind, state }) =>
    first && kind === "stream" && (state === "alive" || state === "control")
  );
  if (base === undefined) return new Map();
  return urlsByFront(base, { directory, ports: served.map((file) => file.port), isWhole: port === undefined });
}

/** @returns Every loopback except an empty default directory; with a port, every loopback with a file of this port. */
function listAll({ base, extra, library, port }: AllWishes): ListedPlace[] {
  const places = listPlaces({ base, extra }, library.ask(SOCKETS_QUESTION));
  const named = places.flatMap((place) => {
    try {
      return [{ place, names: library.ask(namesQuestion(port), { dir: place.path }) }];
    } catch (error) {
      if (error instanceof UnsockError) return []; // removed meanwhile, or not readable by this user
      throw error;
    }
  });
  const sockets = library.ask(SOCKETS_QUESTION); // after the names, so that every name's socket is known
  const holders = new Holders();
  return named.flatMap(({ place, names }) => {
    const files = listSocketFiles(place.path, { names, sockets }, { holders });
    const isNothing = files.length === 0 && (port !== undefined || place.path === base);
    return isNothing ? [] : [{ ...place, files, urls: urlsOf(place.base, place.path, files, port) }];
  });
}

/** @returns The list as JSON. */
export function allAsJson(wishes: AllWishes, indent: number | undefined): string {
  return `${JSON.stringify(listAll(wishes).map(placeToJson), null, indent)}\n`;
}

/** @returns The list as text, fitted to the terminal if there is one. */
export function allAsText(wishes: AllWishes, terminal: Terminal | undefined): string {
  return formatPlaces(listAll(wishes), wishes.port, terminal);
}

/** @returns A line that names the loopbacks with servers, or "" if there are none. */
export function elsewhere(wishes: AllWishes): string {
  const texts = listAll(wishes).flatMap(({ name, path, files }) => {
    const ports = [...new Set(files.filter(isServed).map((file) => file.port))];
    return ports.length === 0 ? [] : [`${name ?? path}: ${ports.join(", ")}`];
  });
  return texts.length === 0 ? "" : `other loopbacks have servers (unsock ls --all): ${texts.join("; ")}\n`;
}

/**
 * @returns The URL of a loopback's port, for scripts.
 * @throws {UnsockError} If there is no such URL, or more than one; the message says what to do.
 */
export function urlOfName(name: string, wishes: AllWishes): string {
  const places = listAll(wishes).filter((place) => place.name?.toLowerCase() === name.toLowerCase());
  const [place] = places;
  const failed = (why: string) => new UnsockError(`ls: --url: ${why}`);
  if (place === undefined || !place.files.some(isServed)) {
    const where = wishes.port === undefined ? "" : ` at port ${wishes.port}`;
    throw failed(`no server${where} in a loopback named "${name}": unsock ls --all lists them`);
  }
  const urls = [...place.urls.values()];
  const [url, ...others] = urls;
  if (url === undefined) throw failed("no expose --http runs that serves it: unsock expose --http 8080 starts one");
  if (others.length > 0) {
    throw failed(
      `"${name}" has several ports: write one of them behind the name: ${[...place.urls.keys()].join(", ")}`,
    );
  }
  return url;
}
