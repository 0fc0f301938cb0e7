/** A control file in words. Pure. */
import type { ControlFile } from "./control_file.ts";
import { formatIp } from "../system/ip.ts";
import { printable } from "../system/text.ts";
import {
  type Address,
  Family,
  NOBODY,
  TipcAddressType,
  TipcScope,
  VSOCK_CID_ANY,
  VSOCK_CID_HOST,
  VSOCK_CID_LOCAL,
} from "./socket_address.ts";
import { formatSocketOption } from "./socket_options.ts";

/** @returns The family's name in C. */
export function familyName(family: Family): string {
  return `AF_${Family[family].toUpperCase()}`;
}

/** @returns The context id with its meaning, where it has one. */
export function describeCid(cid: number): string {
  const meanings = new Map([[VSOCK_CID_ANY, "any"], [0, "hypervisor"], [VSOCK_CID_LOCAL, "local"], [
    VSOCK_CID_HOST,
    "host",
  ]]);
  const meaning = meanings.get(cid);
  return meaning === undefined ? `${cid}` : cid === VSOCK_CID_ANY ? meaning : `${cid} (${meaning})`;
}

function shown(path: Uint8Array): string {
  return printable(new TextDecoder().decode(path));
}

function tipcWords(addressType: number, words: readonly [number, number, number]): string {
  const [first, second, third] = words;
  switch (addressType) {
    case TipcAddressType.Range:
      return `service range ${first}:${second}-${third}`;
    case TipcAddressType.Service:
      return `service ${first}, instance ${second}${third === 0 ? "" : `, in domain ${third}`}`;
    case TipcAddressType.Node:
      return `socket ${first} on node ${second}`;
    default:
      return `address type ${addressType}: ${words.join(", ")}`;
  }
}

/** @returns An address in words, such as `vsock port 5678, CID any`. */
export function describeAddress(address: Address): string {
  switch (address.family) {
    case Family.Unix:
      return `Unix socket ${address.abstract ? "@" : ""}${shown(address.path)}`;
    case Family.Inet:
      return `${formatIp(address.ip)}:${address.port}`;
    case Family.Inet6: {
      const zone = address.scopeId === 0 ? "" : `%${address.scopeId}`;
      return `[${formatIp(address.ip)}${zone}]:${address.port}`;
    }
    case Family.Tipc: {
      const scope = TipcScope[address.scope]?.toLowerCase() ?? `${address.scope}`;
      return `TIPC ${tipcWords(address.addressType, address.words)}, scope ${scope}`;
    }
    case Family.Vsock:
      return `vsock port ${address.port}, CID ${describeCid(address.cid)}${
        address.flags ? `, flags ${address.flags}` : ""
      }`;
  }
}

function refuses({ proxy, dest }: ControlFile): boolean {
  return proxy === undefined && dest.family === Family.Unix && !dest.abstract && shown(dest.path) === NOBODY;
}

/** @returns Where a control file leads, in one short line. */
export function describeTarget(file: ControlFile): string {
  if (refuses(file)) return "nobody: connections are refused";
  if (file.proxy === undefined) return describeAddress(file.dest);
  const port = file.dest.family === Family.Vsock ? file.dest.port : 0;
  return `port ${port} of the guest behind Firecracker's ${describeAddress(file.proxy)}`;
}

/** @returns Every field in words, a line each. */
export function describeControlFile(file: ControlFile): string {
  const lines: [string, string][] = [];
  if (refuses(file)) {
    lines.push(["kind", "refusing: nobody can be connected to, and binding is EACCES"]);
  } else if (file.proxy === undefined) {
    lines.push(["kind", "plain: bind, connect and datagrams use the destination as it is"]);
  } else {
    lines.push(["kind", "Firecracker: connect only, through a multiplexer that is asked for the guest's port"]);
    lines.push(["proxy", `${familyName(file.proxy.family)}, ${describeAddress(file.proxy)}`]);
  }
  lines.push(["destination", `${familyName(file.dest.family)}, ${describeAddress(file.dest)}`]);
  for (const option of file.socketOptions) lines.push(["socket option", formatSocketOption(option)]);
  if (file.socketOptions.length === 0) lines.push(["socket options", "none"]);
  return lines.map(([label, text]) => `${`${label}:`.padEnd(16)}${text}\n`).join("");
}

/** @returns Something for `JSON.stringify`. */
export function controlFileToJson(file: ControlFile): Record<string, unknown> {
  return {
    kind: refuses(file) ? "refusing" : file.proxy === undefined ? "plain" : "firecracker",
    proxy: file.proxy === undefined ? null : addressToJson(file.proxy),
    destination: addressToJson(file.dest),
    socketOptions: file.socketOptions.map(formatSocketOption),
    target: describeTarget(file),
  };
}

function addressToJson(address: Address): Record<string, unknown> {
  const family = familyName(address.family);
  switch (address.family) {
    case Family.Unix:
      return { family, path: shown(address.path), abstract: address.abstract };
    case Family.Inet:
    case Family.Inet6:
      return { family, address: formatIp(address.ip), port: address.port, scopeId: address.scopeId };
    case Family.Tipc:
      return { family, addressType: address.addressType, scope: address.scope, words: address.words };
    case Family.Vsock:
      return { family, port: address.port, cid: address.cid, flags: address.flags };
  }
}
