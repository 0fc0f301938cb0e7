/** Sockets for the self-test, which calls the exported functions of the library in this process. */
import { type LibraryFunctions } from "../library/ffi.ts";
import { decodeAddress, encodeAddress, Family, type InternetAddress } from "../system/socket_address.ts";

/** Linux's numbers, the same on x86-64 and aarch64. */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const EISCONN = 106;
const EINPROGRESS = 115;

/** Names of errors with which the self-test's calls may fail. */
const ERRNO: Readonly<Record<number, string>> = {
  11: "EAGAIN",
  22: "EINVAL",
  93: "EPROTONOSUPPORT",
  98: "EADDRINUSE",
  111: "ECONNREFUSED",
};

/** A call that failed; `code` is the name of its errno. */
export class SocketError extends Error {
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = ERRNO[errno] ?? `errno ${errno}`;
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** @returns A socket address: the port, and the IP address `text`, which is `::1` or an IPv4 address. */
export function internetAddress(text: string, port: number): InternetAddress {
  return text === "::1"
    ? { family: Family.Inet6, ip: Uint8Array.of(...new Array<number>(15).fill(0), 1), port }
    : { family: Family.Inet, ip: Uint8Array.from(text.split("."), Number), port };
}

/** @returns `ADDRESS:PORT`, with all bytes of the address in decimal, separated by dots, for IPv6 as well. */
export function formatEndpoint({ ip, port }: InternetAddress): string {
  return `${ip.join(".")}:${port}`;
}

/** A call that fills in an address and its length. */
type NameCall = (address: Uint8Array<ArrayBuffer>, length: Uint32Array<ArrayBuffer>) => number | bigint;

/** A non-blocking socket. The self-test makes each call only when it can succeed at once. */
export class LibrarySocket implements Disposable {
  readonly #library: LibraryFunctions;
  readonly #fd: number;
  #open = true;

  private constructor(library: LibraryFunctions, fd: number) {
    this.#library = library;
    this.#fd = fd;
  }

  static open(library: LibraryFunctions, family: Family, type: number): LibrarySocket {
    const fd = library.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new SocketError("socket", library.unsock_last_error());
    return new LibrarySocket(library, fd);
  }

  #check(call: string, result: number | bigint): number {
    if (result < 0) throw new SocketError(call, this.#library.unsock_last_error());
    return Number(result);
  }

  #name(call: string, invoke: NameCall): { result: number; address: InternetAddress } {
    const bytes = new Uint8Array(128);
    const length = Uint32Array.of(bytes.length);
    const result = this.#check(call, invoke(bytes, length));
    const address = decodeAddress(bytes.subarray(0, length[0]));
    if (address === undefined) throw new Error(`${call}: no IP address`);
    return { result, address };
  }

  bind(address: InternetAddress): void {
    const bytes = encodeAddress(address);
    this.#check("bind", this.#library.bind(this.#fd, bytes, bytes.length));
  }

  listen(): void {
    this.#check("listen", this.#library.listen(this.#fd, 16));
  }

  /** `connect`. The socket does not block: if the first call returns EINPROGRESS, the second returns the result. */
  connect(address: InternetAddress): void {
    const bytes = encodeAddress(address);
    const attempt = () => this.#library.connect(this.#fd, bytes, bytes.length);
    let result = attempt();
    if (result < 0 && this.#library.unsock_last_error() === EINPROGRESS) result = attempt();
    if (result < 0 && this.#library.unsock_last_error() === EISCONN) return;
    this.#check("connect", result);
  }

  /** `accept4` */
  accept(): { socket: LibrarySocket; peer: InternetAddress } {
    const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    const { result, address } = this.#name(
      "accept4",
      (bytes, length) => this.#library.accept4(this.#fd, bytes, new Uint8Array(length.buffer), flags),
    );
    return { socket: new LibrarySocket(this.#library, result), peer: address };
  }

  /** `getsockname` */
  get localAddress(): InternetAddress {
    return this.#name(
      "getsockname",
      (bytes, length) => this.#library.getsockname(this.#fd, bytes, new Uint8Array(length.buffer)),
    ).address;
  }

  /** `getpeername` */
  get peerAddress(): InternetAddress {
    return this.#name(
      "getpeername",
      (bytes, length) => this.#library.getpeername(this.#fd, bytes, new Uint8Array(length.buffer)),
    ).address;
  }

  /** `sendto`. Without an address, the socket must be connected. */
  send(text: string, address?: InternetAddress): void {
    const bytes = new TextEncoder().encode(text);
    const to = address === undefined ? null : encodeAddress(address);
    this.#check(
      "sendto",
      this.#library.sendto(this.#fd, bytes, BigInt(bytes.length), MSG_DONTWAIT, to, to?.length ?? 0),
    );
  }

  /** `recvfrom`, without the sender's address. */
  receive(): string {
    const bytes = new Uint8Array(4096);
    const result = this.#library.recvfrom(this.#fd, bytes, BigInt(bytes.length), MSG_DONTWAIT, null, null);
    return new TextDecoder().decode(bytes.subarray(0, this.#check("recvfrom", result)));
  }

  /** `recvfrom` */
  receiveFrom(): { text: string; sender: InternetAddress } {
    const bytes = new Uint8Array(4096);
    const { result, address } = this.#name(
      "recvfrom",
      (name, length) =>
        this.#library.recvfrom(
          this.#fd,
          bytes,
          BigInt(bytes.length),
          MSG_DONTWAIT,
          name,
          new Uint8Array(length.buffer),
        ),
    );
    return { text: new TextDecoder().decode(bytes.subarray(0, result)), sender: address };
  }

  close(): void {
    if (this.#open) this.#library.close(this.#fd);
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
