/** Hostile clients of `expose --http`, for its tests and for the siege: the commands that run them. */
import { programsOf } from "../support/program_text.ts";
import { requestText } from "./http_rig.ts";

const programText = programsOf(import.meta);
const python = (name: string, ...words: readonly string[]) => ["python3", "-c", programText(name), ...words];

/** Kinds of hostile clients of HTTP/2 (`http2.py`), and how many frames each sends at most. */
export const HOSTILE = {
  bomb: 40,
  resets: 3_000,
  made_resets: 3_000,
  pings: 20_000,
  settings: 20_000,
  continuations: 20_000,
  large_continuations: 400,
  empty_data: 20_000,
  priorities: 20_000,
  windows: 20_000,
  unknown: 20_000,
};

/** How many clients of one kind attack at once. */
export const HOSTILE_CLIENTS = 3;

/** @param address A port, or `tls:` and a port. */
export function hostileClients(kind: string, frames: number, address: string): string[] {
  return python("http2", kind, address, "waits.localhost", `${HOSTILE_CLIENTS}`, `${frames}`);
}

/** Connections that have sent a text. */
export interface Held {
  readonly count: number;
  readonly text: string;
}

/** Holds connections until it is ended. It prints "held". */
export function holder(port: number, { count, text }: Held): string[] {
  return python("hold", `${port}`, `${count}`, text);
}

/** An honest client, which asks for / again and again. */
export function honestClient(address: string): string[] {
  return python("honest", address, "main.localhost");
}

/** Sends `count` requests at once, and prints each distinct answer as a line of JSON. */
export function requests(address: string, count: number, texts: readonly string[]): string[] {
  return python("ask", address, `${count}`, ...texts);
}

/** Requests whose answer has the list of all loopbacks: by the name of one without a server, of none, and of no port. */
export const FOR_THE_LIST = ["l0", "nobody", "7.main"].map((host) => requestText("/", host, "Connection: close\r\n"));

/** How many of them arrive at once, and how many loopbacks have a killed server's file. */
export const LISTS = { requests: 200, stale: 60 };

/** Values of `Upgrade` that are not passed on. */
export const NOT_PASSED = [
  "h2c",
  "H2C, h2c",
  "HTTP/2.0",
  "TLS/1.0",
  "h2c-14",
  "h2-14",
  "SPDY/3.1",
  '"h2c"',
  "h2c;q=1",
  "websocket/13",
  "other",
];

/** Paths with an odd answer each of the server "odd" (`http_servers.py`). */
export const ODD_PATHS = Array.from(
  Deno.readTextFileSync(new URL("http_servers.py", import.meta.url)).matchAll(/^ {4}b"(\/\w+)": /gm),
  ([, path = ""]) => path,
);

/** Makes TLS handshakes on so many connections at once, `count` on each. It prints how many were made. */
export function handshakes(port: number, connections: number, count: number): string[] {
  return python("handshakes", `${port}`, `${connections}`, `${count}`);
}
