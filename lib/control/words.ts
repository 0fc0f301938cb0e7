/** Describes control files in words and as JSON. Does no I/O; runs on Deno and on Node.js. */
import { formatIp } from "../system/ip_text.ts";
import { printable } from "../system/text.ts";
import {
  type Address,
  type ControlFile,
  type HalfClose,
  NOBODY,
  type TipcAddress,
  type UnixAddress,
  type VsockAddress,
} from "./format.ts";
import { formatSocketOption } from "./socket_options.ts";

/** The fields of an address, as `docs/json.md` lists them. */
export type AddressFacts = Readonly<{ family: string } & Record<string, string | number | boolean | readonly number[]>>;

/** The output of `show-control --json`. */
export interface ControlFacts {
  readonly kind: "plain" | "firecracker" | "refusing";
  /** The Unix socket of the Firecracker multiplexer that connects to the destination; null for other kinds. */
  readonly proxy: AddressFacts | null;
  readonly destination: AddressFacts;
  /** Missing if the file does not set the handling of a half-close. */
  readonly halfClose?: HalfClose;
  readonly socketOptions: readonly string[];
  readonly target: string;
}

const CID_ANY = 0xffffffff;
const CID_MEANINGS = [" (hypervisor)", " (local)", " (host)"];
const TIPC = { range: 1, service: 2, cluster: 2, node: 3 } as const;

const KINDS: Readonly<Record<ControlFacts["kind"], string>> = {
  plain: "plain: bind, connect and datagrams use the destination as it is",
  firecracker: "Firecracker: connect only, through the multiplexer to the guest's port",
  refusing: "refusing: connections are refused, and bind fails with EACCES",
};
const HALF_CLOSES: Readonly<Record<HalfClose, string>> = {
  hold: "held back until the socket is closed",
  pass: "passed on",
};

/** @returns The path, or the abstract name without its NUL; control characters are escaped. */
export function unixName({ name }: UnixAddress): string {
  return printable(new TextDecoder("utf-8", { ignoreBOM: true }).decode(name));
}

function describeVsock({ port, cid, flags }: VsockAddress): string {
  const meaning = `${cid === CID_ANY ? "any" : cid}${CID_MEANINGS[cid] ?? ""}`;
  return `vsock port ${port}, CID ${meaning}${flags === 0 ? "" : `, flags ${flags}`}`;
}

function describeTipc({ addressType, scope, words: [type, lower, upper] }: TipcAddress): string {
  const where = scope === TIPC.cluster ? "cluster" : scope === TIPC.node ? "node" : `${scope}`;
  const what = addressType === TIPC.range
    ? `service range ${type}:${lower}-${upper}`
    : addressType === TIPC.service
    ? `service ${type}, instance ${lower}${upper === 0 ? "" : `, in domain ${upper}`}`
    : `socket ${type} on node ${lower}`;
  return `TIPC ${what}, scope ${where}`;
}

function describeAddress(address: Address): string {
  switch (address.kind) {
    case "unix":
      return `Unix socket ${address.abstract ? "@" : ""}${unixName(address)}`;
    case "vsock":
      return describeVsock(address);
    case "tipc":
      return describeTipc(address);
    case "inet":
      return `${formatIp(address.ip)}:${address.port}`;
    case "inet6":
      return `[${formatIp(address.ip)}${address.scopeId === 0 ? "" : `%${address.scopeId}`}]:${address.port}`;
  }
}

function addressFacts(address: Address): AddressFacts {
  switch (address.kind) {
    case "unix":
      return { family: "AF_UNIX", path: unixName(address), abstract: address.abstract };
    case "vsock":
      return { family: "AF_VSOCK", port: address.port, cid: address.cid, flags: address.flags };
    case "tipc":
      return { family: "AF_TIPC", addressType: address.addressType, scope: address.scope, words: address.words };
    case "inet":
      return { family: "AF_INET", address: formatIp(address.ip), port: address.port, scopeId: 0 };
    case "inet6":
      return { family: "AF_INET6", address: formatIp(address.ip), port: address.port, scopeId: address.scopeId };
  }
}

/**
 * @returns The target in one short line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const guest = { kind: "vsock", port: 5000, cid: 3, flags: 0 } as const;
 * assertEquals(describeTarget({ target: guest, socketOptions: [] }), "vsock port 5000, CID 3");
 * ```
 */
export function describeTarget({ target }: ControlFile): string {
  if (target.kind === "refuse") return "nobody: connections are refused";
  if (target.kind !== "firecracker") return describeAddress(target);
  return `port ${target.guest.port} of the guest behind Firecracker's ${describeAddress(target.proxy)}`;
}

function addressesOf({ target }: ControlFile): { proxy: UnixAddress | undefined; destination: Address } {
  if (target.kind === "firecracker") return { proxy: target.proxy, destination: target.guest };
  return { proxy: undefined, destination: target.kind === "refuse" ? NOBODY : target };
}

/** @returns The content by fields, for JSON. */
export function controlFacts(file: ControlFile): ControlFacts {
  const { proxy, destination } = addressesOf(file);
  const { kind } = file.target;
  return {
    kind: kind === "firecracker" ? "firecracker" : kind === "refuse" ? "refusing" : "plain",
    proxy: proxy === undefined ? null : addressFacts(proxy),
    destination: addressFacts(destination),
    ...file.halfClose === undefined ? {} : { halfClose: file.halfClose },
    socketOptions: file.socketOptions.map(formatSocketOption),
    target: describeTarget(file),
  };
}

/** @returns A line for each field, in words. */
export function describeControl(file: ControlFile): string {
  const { kind, proxy, destination, halfClose, socketOptions } = controlFacts(file);
  const addresses = addressesOf(file);
  const lines: [string, string][] = [["kind", KINDS[kind]]];
  if (proxy !== null && addresses.proxy !== undefined) {
    lines.push(["proxy", `${proxy.family}, ${describeAddress(addresses.proxy)}`]);
  }
  lines.push(["destination", `${destination.family}, ${describeAddress(addresses.destination)}`]);
  if (halfClose !== undefined) lines.push(["half-close", HALF_CLOSES[halfClose]]);
  for (const option of socketOptions) lines.push(["socket option", option]);
  if (socketOptions.length === 0) lines.push(["socket options", "none"]);
  return lines.map(([label, text]) => `${`${label}:`.padEnd(16)}${text}\n`).join("");
}
