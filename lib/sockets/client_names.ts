/** Reads the abstract name that a stream client binds (`c/rules/kernel_name.c`): both ends' addresses. */
import { formatIp } from "../system/ip_text.ts";

/** An IP address and a port. */
export interface Endpoint {
  /** Four or sixteen bytes. */
  readonly ip: Uint8Array<ArrayBuffer>;
  readonly port: number;
}

/** Both ends of a connection, as the client named them. */
export interface Ends {
  readonly client: Endpoint;
  readonly server: Endpoint;
}

const IP = "([0-9a-f]{8}|[0-9a-f]{32})";
const NAME = new RegExp(`^@unsock ${IP}:([0-9a-f]{4}) ${IP}:([0-9a-f]{4})`);

function readEndpoint(address: string, port: string): Endpoint {
  const bytes = Array.from({ length: address.length / 2 }, (_, at) => parseInt(address.slice(2 * at, 2 * at + 2), 16));
  return { ip: Uint8Array.from(bytes), port: parseInt(port, 16) };
}

/**
 * @param name The name, with `@` for the NUL in front of it.
 * @returns The addresses and ports of client and server, or undefined if this is not a name that a stream client binds.
 */
export function readClientName(name: string): Ends | undefined {
  const [, source, sourcePort, target, targetPort] = NAME.exec(name) ?? [];
  if (source === undefined || sourcePort === undefined || target === undefined || targetPort === undefined) {
    return undefined;
  }
  return { client: readEndpoint(source, sourcePort), server: readEndpoint(target, targetPort) };
}

/** @returns The address and port as text: `127.0.0.1:40000`, `[::1]:40000`. */
export function formatEndpoint({ ip, port }: Endpoint): string {
  const text = formatIp(ip);
  return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
}
