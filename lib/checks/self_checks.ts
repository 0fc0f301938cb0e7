/** The checks of `unsock self-test`. They call the library in this process, and expect certain results. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { type ControlFile, encodeControlFile } from "../control/format.ts";
import { type LibraryFunctions } from "../library/ffi.ts";
import { RUN_ADDRESSES } from "../run/settings.ts";
import {
  formatEndpoint,
  internetAddress,
  LibrarySocket,
  SOCK_DGRAM,
  SOCK_STREAM,
  SocketError,
} from "../sockets/library_socket.ts";
import { encodeAddress, Family } from "../system/socket_address.ts";
import { VERSION } from "../system/version.ts";

/** One check. `run` throws the reason of a failure. */
export interface Check {
  readonly name: string;
  readonly run: () => void;
}

const EINVAL = 22;

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, not ${expected}`);
}

function expectError(code: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (error instanceof SocketError && error.code === code) return;
    throw error;
  }
  throw new Error(`succeeds instead of failing with ${code}`);
}

function environmentBlock(variables: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(Object.entries(variables).map(([name, value]) => `${name}=${value}\0`).join(""));
}

function cText(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, Math.max(0, buffer.indexOf(0))));
}

/** @returns 0 or a negative errno, and the library's message. */
function configure(
  library: LibraryFunctions,
  variables: Readonly<Record<string, string>>,
): { result: number; message: string } {
  const block = environmentBlock(variables);
  const message = new Uint8Array(512);
  const result = library.unsock_configure(block, BigInt(block.length), message, BigInt(message.length));
  return { result, message: cText(message) };
}

/** The directory's lock file, which the library leaves in place while this process lives. */
const LOCK = ".unsock.lock";

/** Returns the checks, in the order in which they have to run. `directory` is private and empty. */
export function selfChecks(library: LibraryFunctions, directory: string): Check[] {
  const checks: Check[] = [];
  const check = (name: string, run: () => void) => checks.push({ name, run });
  const settings = { UNSOCK_DIR: directory, UNSOCK_ADDR: RUN_ADDRESSES, UNSOCK_MODE: "600" };

  check("the library has this version", () => {
    const pointer = library.unsock_version();
    expectEqual("version", pointer && new Deno.UnsafePointerView(pointer).getCString(), VERSION);
  });
  check("settings are read, bad ones refused with a reason", () => checkSettings(library, settings));
  check("127.0.0.0/8 and ::1 are covered, 192.0.2.1 is not", () => checkCover(library));
  check("a stream on port 80 is 80.sock, a datagram socket 80.dgram.sock", () => checkPaths(library, directory));
  check(
    "control files: those of make-control are accepted, a wrong length or magic number is refused",
    () => checkControlFiles(library),
  );
  for (const host of ["127.0.0.1", "::1"]) {
    check(`TCP over ${host}: connect, accept, names, bytes both ways`, () => checkStream(library, directory, host));
    check(`UDP over ${host}: a request and its reply`, () => checkDatagrams(library, host));
  }
  check("nobody listens: ECONNREFUSED; a port is taken: EADDRINUSE", () => checkErrors(library));
  check("a control file redirects a connection to another Unix socket", () => checkRedirection(library, directory));
  check("no socket file is left", () => {
    const left = fs.readdirSync(directory).filter((name) => name !== LOCK);
    expectEqual("left", left.join(" "), "");
  });
  return checks;
}

function checkSettings(library: LibraryFunctions, good: Readonly<Record<string, string>>): void {
  const bad = [["UNSOCK_ADDR", "127.0.0.256"], ["UNSOCK_PORT", "0"], ["UNSOCK_MODE", "888"], ["UNSOCK_DIR", "here"]];
  for (const [name = "", value = ""] of bad) {
    const { result, message } = configure(library, { ...good, [name]: value });
    if (result !== -EINVAL) throw new Error(`${name}=${value} is not refused (${result})`);
    if (!message.includes(name)) throw new Error(`the reason does not name ${name}: ${message}`);
  }
  const { result, message } = configure(library, good);
  if (result !== 0) throw new Error(message || `error ${-result}`);
}

function checkCover(library: LibraryFunctions): void {
  for (const [address, expected] of [["127.0.0.1", 1], ["127.9.9.9", 1], ["::1", 1], ["192.0.2.1", 0]] as const) {
    const bytes = encodeAddress(internetAddress(address, 80));
    expectEqual(address, library.unsock_covers(bytes, bytes.length), expected);
  }
}

function checkPaths(library: LibraryFunctions, directory: string): void {
  for (const [type, name] of [[SOCK_STREAM, "80.sock"], [SOCK_DGRAM, "80.dgram.sock"]] as const) {
    const buffer = new Uint8Array(256);
    const length = library.unsock_path(80, type, buffer, BigInt(buffer.length));
    const file = path.join(directory, name);
    expectEqual("path", cText(buffer), file);
    expectEqual("its length", length, new TextEncoder().encode(file).length);
  }
}

const encoder = new TextEncoder();
const VSOCK = { kind: "vsock", port: 5678, cid: 0xffffffff, flags: 0 } as const;
const unixSocket = (path: string) => ({ kind: "unix", abstract: false, name: encoder.encode(path) }) as const;

/** Control files with a vsock, a Firecracker and a TIPC target. */
const CONTROL_FILES: readonly ControlFile[] = [
  { target: VSOCK, socketOptions: [] },
  { target: { kind: "firecracker", proxy: unixSocket("/nonexistent/vsock"), guest: VSOCK }, socketOptions: [] },
  { target: { kind: "tipc", addressType: 2, scope: 2, words: [128, 99, 0] }, socketOptions: [] },
];

function checkControlFiles(library: LibraryFunctions): void {
  for (const file of CONTROL_FILES) {
    const made = encodeControlFile(file);
    expectEqual("result for a good file", library.unsock_check_control(made, BigInt(made.length)), 0);
    expectEqual("for a truncated file", library.unsock_check_control(made, BigInt(made.length - 1)), -EINVAL);
    made[0] = 0;
    expectEqual("for a wrong magic number", library.unsock_check_control(made, BigInt(made.length)), -EINVAL);
  }
}

function openServer(library: LibraryFunctions, host: string): LibrarySocket {
  const address = internetAddress(host, 0);
  const server = LibrarySocket.open(library, address.family, SOCK_STREAM);
  server.bind(address);
  server.listen();
  return server;
}

function checkStream(library: LibraryFunctions, directory: string, host: string): void {
  using server = openServer(library, host);
  const address = server.localAddress;
  const file = path.join(directory, `${address.port}.sock`);
  const status = fs.statSync(file); // PORT.sock is a link to the socket's own file
  if (!status.isSocket()) throw new Error(`${file} is no socket`);
  expectEqual("mode of the socket file", (status.mode & 0o777).toString(8), "600");
  using client = LibrarySocket.open(library, address.family, SOCK_STREAM);
  client.connect(address);
  const { socket, peer } = server.accept();
  using accepted = socket;
  expectEqual("client's getpeername", formatEndpoint(client.peerAddress), formatEndpoint(address));
  expectEqual("server's accept", formatEndpoint(peer), formatEndpoint(client.localAddress));
  expectEqual("server's getpeername", formatEndpoint(accepted.peerAddress), formatEndpoint(client.localAddress));
  client.send("request");
  expectEqual("request", accepted.receive(), "request");
  accepted.send("reply");
  expectEqual("reply", client.receive(), "reply");
}

function checkDatagrams(library: LibraryFunctions, host: string): void {
  const any = internetAddress(host, 0);
  using server = LibrarySocket.open(library, any.family, SOCK_DGRAM);
  server.bind(any);
  using client = LibrarySocket.open(library, any.family, SOCK_DGRAM);
  client.send("request", server.localAddress);
  const { text, sender } = server.receiveFrom();
  expectEqual("request", text, "request");
  server.send("reply", sender);
  const reply = client.receiveFrom();
  expectEqual("reply", reply.text, "reply");
  expectEqual("its sender", formatEndpoint(reply.sender), formatEndpoint(server.localAddress));
}

function checkErrors(library: LibraryFunctions): void {
  using server = openServer(library, "127.0.0.1");
  const address = server.localAddress;
  using second = LibrarySocket.open(library, Family.Inet, SOCK_STREAM);
  expectError("EADDRINUSE", () => second.bind(address));
  server.close();
  using client = LibrarySocket.open(library, Family.Inet, SOCK_STREAM);
  expectError("ECONNREFUSED", () => client.connect(address));
}

function checkRedirection(library: LibraryFunctions, directory: string): void {
  using server = openServer(library, "127.0.0.1");
  const target = unixSocket(path.join(directory, `${server.localAddress.port}.sock`));
  const port = server.localAddress.port === 1 ? 2 : 1;
  const file = path.join(directory, `${port}.sock`);
  fs.writeFileSync(file, encodeControlFile({ target, socketOptions: [] }), { flag: "wx" });
  try {
    using client = LibrarySocket.open(library, Family.Inet, SOCK_STREAM);
    client.connect(internetAddress("127.0.0.1", port));
    using accepted = server.accept().socket;
    client.send("through a control file");
    expectEqual("received text", accepted.receive(), "through a control file");
  } finally {
    fs.unlinkSync(file);
  }
}
