/** Prints the URLs that the front serves, as lines or as JSON, at its start and whenever they change. */
import { isIP } from "node:net";
import { isFor } from "./certificate.ts";
import type { Front } from "./parts.ts";
import { type Listed, listLoopbacks, portNumbers } from "../sockets/loopbacks.ts";
import { urlOf } from "./page.ts";

const LOOK_MS = 1_000;
/** One look in five checks all files, even if no name has changed, since a killed server leaves its file. */
const LOOK_AT_ALL = 5;
const NAMES_MOST = 8;
const EVERYWHERE = ["0.0.0.0", "::", "::1"];

/** @returns The URLs served, each with its port. The URL of a loopback with only one port does not name that port. */
function urlsOf(listed: readonly Listed[], front: Front): Map<string, string> {
  const urls = new Map<string, string>();
  for (const { loopback, ports } of listed) {
    for (const port of ports) {
      const url = urlOf(loopback, front, ports.length === 1 ? undefined : port);
      if (url !== undefined) urls.set(url, `port ${port}`);
    }
  }
  return urls;
}

function changes(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string {
  const gone = [...before.keys()].filter((url) => !now.has(url)).map((url) => `${url} is gone\n`);
  const come = [...now].filter(([url, port]) => before.get(url) !== port).map(([url, port]) => `${url} → ${port}\n`);
  return [...gone, ...come].join("");
}

/** @returns The URL of the page that lists all loopbacks. */
function frontUrl({ scheme, address, port }: Front): string {
  const isNear = address.startsWith("127.") || EVERYWHERE.includes(address);
  const host = isNear ? "localhost" : isIP(address) === 6 ? `[${address}]` : address;
  return `${scheme}://${host}:${port}/`;
}

function title(count: number, front: Front): string {
  const served = `${count} loopback${count === 1 ? "" : "s"}`;
  const hint = count > 0 ? "" : "No server listens yet: unsock run --name NAME -- COMMAND starts one\n";
  return `Serving ${served} at ${frontUrl(front)} (Ctrl-C stops)\n${hint}`;
}

/** Warns of host names that the certificate does not have, once for each name. */
class NameCheck {
  readonly #front: Front;
  readonly #told = new Set<string>();

  constructor(front: Front) {
    this.#front = front;
  }

  look(urls: Iterable<string>): void {
    const { secure, warn } = this.#front;
    if (secure === undefined) return;
    const hosts = ["localhost", ...[...urls].map((url) => new URL(url).hostname)];
    const missing = [...new Set(hosts)].filter((host) => !this.#told.has(host) && !isFor(host, secure));
    if (missing.length === 0) return;
    missing.forEach((host) => this.#told.add(host));
    const more = missing.length > NAMES_MOST ? ` and ${missing.length - NAMES_MOST} more names` : "";
    const names = `${missing.slice(0, NAMES_MOST).join(", ")}${more}`;
    warn(`expose: the certificate is not for ${names}: browsers will warn; make one that has these names, too`);
  }
}

/** Returns a text that changes whenever a loopback or a port's file is made or removed. */
function namesIn(front: Front): string {
  return JSON.stringify(listLoopbacks(front).map(({ name, path }) => [name, path, portNumbers(path)]));
}

/** @returns One line of JSON about all that the front serves. */
function asJson(front: Front, listed: readonly Listed[]): string {
  const { scheme, address, port } = front;
  const loopbacks = listed.map(({ loopback, ports }) => ({
    name: loopback.name,
    directory: loopback.path,
    ports: ports.map((one) => ({ port: one, url: urlOf(loopback, front, one) ?? null })),
    url: urlOf(loopback, front) ?? null,
  }));
  return `${JSON.stringify({ url: frontUrl(front), scheme, address, port, loopbacks })}\n`;
}

export interface Announcing {
  readonly json?: boolean;
  /** Writes to standard output; throws when the reader has closed it. */
  print(text: string): void;
}

/** Prints the URLs served, and again when they change, until the process ends. */
export async function announce(front: Front, { json = false, print }: Announcing): Promise<never> {
  let isRead = true;
  const tell = (text: string) => {
    try {
      if (isRead && text !== "") print(text);
    } catch {
      isRead = false; // the front still serves
    }
  };
  const check = new NameCheck(front);
  let [names, urls, last] = ["", new Map<string, string>(), ""];
  for (let turn = 0;; turn++) {
    const namesNow = namesIn(front);
    if (namesNow !== names || turn % LOOK_AT_ALL === 0) {
      names = namesNow;
      const listed = await front.served.ask();
      const now = urlsOf(listed, front);
      const text = json ? asJson(front, listed) : (turn === 0 ? title(listed.length, front) : "") + changes(urls, now);
      if (text !== last) tell(text);
      last = json ? text : "";
      check.look(now.keys());
      urls = now;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
