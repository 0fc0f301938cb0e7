/** Questions to the operating system about files and users, behind an interface that tests can answer. */
import { cString, type Libc } from "./ffi.ts";
import type { ByteSource } from "./elf.ts";

/** What `stat` says, as far as it matters here. */
export interface FileStatus {
  readonly isDirectory: boolean;
  readonly isFile: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The operating system. */
export interface System {
  /** Real and effective user and group. */
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  /** What `stat` says; throws what `Deno.statSync` throws. */
  stat(file: string): FileStatus;
  /** Whether the kernel would let us execute this file. */
  isExecutable(file: string): boolean;
  /** Whether the file has the extended attribute `security.capability`. */
  hasCapabilities(file: string): boolean;
  /** Calls `use` with the file's bytes; undefined when it cannot be read. */
  withBytes<T>(file: string, use: (source: ByteSource) => T): T | undefined;
}

const AT_FDCWD = -100;
const AT_EACCESS = 0x200;
const X_OK = 1;

/** The real thing. */
export class LinuxSystem implements System {
  readonly #libc: Libc;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.uid = libc.getuid();
    this.euid = libc.geteuid();
    this.gid = libc.getgid();
    this.egid = libc.getegid();
  }

  stat(file: string): FileStatus {
    const { isDirectory, isFile, mode, uid, gid } = Deno.statSync(file);
    return { isDirectory, isFile, mode: mode ?? 0, uid: uid ?? 0, gid: gid ?? 0 };
  }

  isExecutable(file: string): boolean {
    return this.#libc.faccessat(AT_FDCWD, cString(file), X_OK, AT_EACCESS) === 0;
  }

  hasCapabilities(file: string): boolean {
    return this.#libc.getxattr(cString(file), cString("security.capability"), new Uint8Array(64), 64n) > 0n;
  }

  withBytes<T>(file: string, use: (source: ByteSource) => T): T | undefined {
    let handle: Deno.FsFile;
    try {
      handle = Deno.openSync(file);
    } catch {
      return undefined;
    }
    try {
      return use({ read: (offset, length) => readAt(handle, offset, length) });
    } finally {
      handle.close();
    }
  }
}

function readAt(file: Deno.FsFile, offset: number, length: number): Uint8Array {
  const buffer = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
