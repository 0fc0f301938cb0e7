/** Reads the host that a request names. Refuses a host that two parsers could read differently. Does no I/O. */
import { isIP, isIPv6 } from "node:net";
import { LAST_PORT } from "../system/numbers.ts";

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]+)(?::([0-9]{0,5}))?$/i;
const DOMAIN = ".localhost";

/**
 * @param text The value of `Host`, or the authority of a target.
 * @returns The host's name in lower case, without port and without a dot at the end; undefined if the text is no host.
 */
export function parseHost(text: string): string | undefined {
  const [, name = "", port = ""] = HOST.exec(text) ?? [];
  const isBracketed = name.startsWith("[");
  if (name === "" || Number(port) > LAST_PORT || (isBracketed && !isIPv6(name.slice(1, -1)))) return undefined;
  return (name.length > 1 ? name.replace(/\.$/, "") : name).toLowerCase();
}

/** The owner of a host name: the front, a loopback, or a stranger. */
export type Owner = { readonly kind: "front" } | { readonly kind: "loopback"; readonly name: string } | {
  readonly kind: "stranger";
};

/**
 * @param host A result of {@linkcode parseHost}.
 * @returns The loopback that the host names; the front for `localhost` and addresses; a stranger for every other name.
 *   (A web page's own name may resolve to this machine: DNS rebinding.)
 */
export function ownerOf(host: string): Owner {
  if (host === DOMAIN.slice(1) || isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return { kind: "front" };
  const name = host.endsWith(DOMAIN) ? host.slice(0, -DOMAIN.length) : "";
  return name === "" ? { kind: "stranger" } : { kind: "loopback", name };
}

const TARGET = /^(https?):\/\/([^/?#]+)([/?].*)?$/i;

/** The host and path of a request. */
export interface Asked {
  /** As the client wrote it. */
  readonly host: string;
  /** The host as {@linkcode parseHost} returns it. */
  readonly name: string;
  readonly path: string;
}

/**
 * @param target The target of an HTTP/1 request.
 * @param hosts The values of the request's `Host` fields.
 * @param scheme The connection's scheme.
 * @returns The host and path, or undefined if the request does not name one host for certain.
 */
export function readTarget(target: string, hosts: readonly string[], scheme: string): Asked | undefined {
  const [host, ...others] = hosts;
  const name = host === undefined || others.length > 0 ? undefined : parseHost(host);
  if (host === undefined || name === undefined) return undefined;
  if (target.startsWith("/") || target === "*") return { host, name, path: target };
  const [, written, authority, rest = "/"] = TARGET.exec(target) ?? [];
  if (written?.toLowerCase() !== scheme || authority?.toLowerCase() !== host.toLowerCase()) return undefined;
  return { host, name, path: rest.startsWith("/") ? rest : `/${rest}` };
}
