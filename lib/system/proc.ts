/**
 * Reading `/proc` through libc: the runtime opens it only to programs with every permission there is, which the compiled
 * binary does not have.
 */
import { cString, type Libc } from "./ffi.ts";

const O_CLOEXEC = 0o2000000;
const CHUNK_SIZE = 1 << 16;

/** `struct dirent` on 64-bit Linux, glibc and musl alike: inode, offset, record length, type, then the name. */
const DIRENT_NAME_OFFSET = 19;

/** `/proc`, and other files that behave like it: no size, to be read to their end. */
export class Proc {
  readonly #libc: Libc;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** @returns The whole file, or undefined when it cannot be opened. */
  read(file: string): Uint8Array | undefined {
    const fd = this.#libc.open(cString(file), O_CLOEXEC);
    if (fd < 0) return undefined;
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = new Uint8Array(CHUNK_SIZE);
      const count = Number(this.#libc.read(fd, chunk, BigInt(chunk.length)));
      if (count <= 0) break;
      chunks.push(chunk.subarray(0, count));
    }
    this.#libc.close(fd);
    return concatenate(chunks);
  }

  /** @returns The whole file as text, or undefined when it cannot be opened. */
  readText(file: string): string | undefined {
    const bytes = this.read(file);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** @returns Where a link leads, or undefined when it is none or may not be read. */
  readLink(file: string): string | undefined {
    const buffer = new Uint8Array(4096);
    const length = Number(this.#libc.readlink(cString(file), buffer, BigInt(buffer.length)));
    return length < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
  }

  /** @returns Names in a directory, with `.` and `..`; none when it cannot be read. */
  list(directory: string): string[] {
    const stream = this.#libc.opendir(cString(directory));
    if (stream === null) return [];
    const names: string[] = [];
    for (let entry = this.#libc.readdir(stream); entry !== null; entry = this.#libc.readdir(stream)) {
      names.push(new Deno.UnsafePointerView(entry).getCString(DIRENT_NAME_OFFSET));
    }
    this.#libc.closedir(stream);
    return names;
  }
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
