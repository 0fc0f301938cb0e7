/** Finds the server of a request by the host that it names. */
import type { Asked } from "./host.ts";
import { ownerOf } from "./host.ts";
import { fileOf, findLoopback, listPorts, type Loopback, type Places } from "../sockets/loopbacks.ts";
import { codeOf } from "../system/errors.ts";
import { statOrUndefined } from "../system/files.ts";
import { LAST_PORT } from "../system/numbers.ts";

/** How long a found server is used without another look, in ms: the look's duration times `ofLook`, within limits. */
const HELD_MS = { least: 20, most: 200, ofLook: 50 };
const HELD_MOST = 256;

/** A port of a loopback. */
export interface Target {
  readonly loopback: Loopback;
  readonly port: number;
}

/** A page of the front itself. */
export interface PageAnswer {
  readonly status: number;
  /** The sentence above the list, or undefined if the page has only the list. */
  readonly sentence?: string;
  /** The loopbacks on the page. Nothing for the host name of another site, whose web pages must not learn them. */
  readonly lists: "all" | "nothing" | Loopback;
  /** The URL at which the client should ask instead. */
  readonly location?: string;
}

export const NO_HOST = { status: 400, sentence: "The request does not name one host for certain." };
export const NO_TUNNEL = { status: 405, sentence: "CONNECT is not passed on." };

/** The destination of a request. */
export type Route = { readonly kind: "server"; readonly target: Target } | {
  readonly kind: "page";
  readonly page: PageAnswer;
};

function page(status: number, sentence?: string, lists: PageAnswer["lists"] = "all"): Route {
  return { kind: "page", page: { status, sentence, lists } };
}

/** Returns the page for a request to the front's own name. */
function ownPage(method: string, path: string): Route {
  if (method !== "GET" && method !== "HEAD") return page(405, "This address has only a list of loopbacks.");
  return path === "/" ? page(200) : page(404, "This address has only a list of loopbacks, at /.");
}

/** Splits `3000.feature` into the port and the name of the loopback. */
function splitPort(name: string): { port: number; rest: string } | undefined {
  const [, number, rest = ""] = /^([1-9]\d{0,4})\.(.+)$/.exec(name) ?? [];
  const port = Number(number ?? 0);
  return port > 0 && port <= LAST_PORT ? { port, rest } : undefined;
}

/**
 * @param asked The request's host and path.
 * @returns The host's server, or the front's own page, or a page that says why there is no server.
 */
async function routeOf({ name, path }: Asked, method: string, places: Places): Promise<Route> {
  const owner = ownerOf(name);
  if (owner.kind === "front") return ownPage(method, path);
  if (owner.kind === "stranger") return page(421, "Only names that end with .localhost are answered here.", "nothing");
  const whole = await findLoopback(places, owner.name);
  const split = whole === undefined ? splitPort(owner.name) : undefined;
  const loopback = whole ?? (split && await findLoopback(places, split.rest));
  if (loopback === undefined) return page(404, `There is no loopback named "${split?.rest ?? owner.name}".`);
  if (split !== undefined) return { kind: "server", target: { loopback, port: split.port } };
  const [listed] = await listPorts([loopback], places, true);
  const [port, ...others] = listed?.ports ?? [];
  if (port === undefined) return page(404, `No server listens in the loopback "${loopback.name}".`);
  if (others.length > 0) return page(300, undefined, loopback);
  return { kind: "server", target: { loopback, port } };
}

/** Returns a text that changes when another socket or control file takes the place of a server's file. */
function fileVersion({ loopback, port }: Target): string {
  const file = fileOf(loopback, port);
  const { dev, ino, ctimeMs } = statOrUndefined(file) ?? {};
  return `${dev} ${ino} ${ctimeMs} ${file}`;
}

interface Held {
  readonly route: Route;
  readonly version: string;
  /** When the look began, and until when its result is used: milliseconds by the clock of `performance.now()`. */
  readonly at: number;
  readonly until: number;
}

/** Finds the destinations of requests, and keeps each found server for a moment. */
export class Routes {
  readonly #places: Places;
  readonly #held = new Map<string, Held>();

  constructor(places: Places) {
    this.#places = places;
  }

  /** @returns The destination. It has the same `target` object as long as the server's file stays the same. */
  async find(asked: Asked, method: string): Promise<Route> {
    const at = performance.now();
    const held = this.#held.get(asked.name);
    if (held !== undefined && at < held.until) return held.route;
    const route = await routeOf(asked, method, this.#places);
    if (route.kind === "page") {
      this.#held.delete(asked.name);
      return route;
    }
    const version = fileVersion(route.target);
    if (this.#held.size >= HELD_MOST) this.#held.clear();
    const now = performance.now();
    const until = now + Math.min(Math.max(HELD_MS.least, (now - at) * HELD_MS.ofLook), HELD_MS.most);
    const next = { at, until, version, route: held?.version === version ? held.route : route };
    this.#held.set(asked.name, next);
    return next.route;
  }

  /**
   * Forgets the server that was found for a name, and that could not be reached.
   *
   * @returns True if the server was found before `start`: another look may find another server.
   */
  forget({ name }: Asked, start: number): boolean {
    const held = this.#held.get(name);
    this.#held.delete(name);
    return held !== undefined && held.at < start;
  }
}

/** True if a connect failed because no server listens at the file. */
export function isGone(why: unknown): boolean {
  const code = codeOf(why);
  return code === "ENOENT" || code === "ECONNREFUSED";
}

/** Returns the page for a server that gave no answer. */
export function failurePage({ loopback, port }: Target, why: unknown): PageAnswer {
  const code = codeOf(why);
  const where = `port ${port} of the loopback "${loopback.name}"`;
  const lists = "all";
  if (isGone(why)) {
    return { status: 502, sentence: `No server listens on ${where}.`, lists };
  }
  if (code === "EACCES" || code === "EPERM") {
    return { status: 502, sentence: `You may not connect to ${where}.`, lists };
  }
  if (code === "EAGAIN") {
    return { status: 503, sentence: `The server on ${where} has too many connections waiting.`, lists };
  }
  if (code === "EMFILE") return { status: 503, sentence: "Too many connections are open here.", lists: "nothing" };
  if (code === "ETIMEDOUT") {
    return { status: 502, sentence: `The server on ${where} does not answer in HTTP/2.`, lists };
  }
  return { status: 502, sentence: `The server on ${where} closed the connection without an answer.`, lists };
}
