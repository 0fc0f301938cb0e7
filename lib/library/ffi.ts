/** Foreign functions, which only Deno has: those for the self-test, the one that executes the library, and poll(2). */
import { LibraryError } from "../system/errors.ts";

/** Functions of `libunsock.so` for the self-test: see `c/unsock.h` and the manual pages of the socket calls. */
const FUNCTIONS = {
  /** `const char *unsock_version(void)` */
  unsock_version: { parameters: [], result: "pointer" },
  /** `int unsock_configure(const char *environment, size_t length, char *error, size_t size)` */
  unsock_configure: { parameters: ["buffer", "usize", "buffer", "usize"], result: "i32" },
  /** `int unsock_covers(const void *address, uint32_t length)` */
  unsock_covers: { parameters: ["buffer", "u32"], result: "i32" },
  /** `int unsock_path(uint16_t port, int type, char *path, size_t size)` */
  unsock_path: { parameters: ["u16", "i32", "buffer", "usize"], result: "i32" },
  /** `int unsock_check_control(const void *bytes, size_t length)` */
  unsock_check_control: { parameters: ["buffer", "usize"], result: "i32" },
  /** `int unsock_last_error(void)` */
  unsock_last_error: { parameters: [], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** `ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t)` */
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  /** `ssize_t recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *)` */
  recvfrom: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * The function that executes the library in place of this process. `size` is declared as a structure, which is passed
 * in the same register as an integer. For an integer, Deno would compile machine code for this one call, which takes a
 * millisecond.
 */
const EXECUTING = {
  /** `void unsock_execute(const char *file, const char *const *argv, const char *const *environment, char *why, size_t size)` */
  unsock_execute: { parameters: ["buffer", "buffer", "buffer", "buffer", { struct: ["usize"] }], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** `int poll(struct pollfd *fds, nfds_t count, int timeout)` */
const POLLING = { poll: { parameters: ["buffer", "usize", "i32"], result: "i32" } } as const;

const POLLIN = 1;

let libc: Deno.DynamicLibrary<typeof POLLING> | undefined;

/** @returns True if something waits to be read from the descriptor: a byte, an end or an error. */
export function isReadable(descriptor: number): boolean {
  libc ??= Deno.dlopen("libc.so.6", POLLING);
  return libc.symbols.poll(new Int32Array([descriptor, POLLIN]), 1n, 0) !== 0;
}

/** The library's functions. */
export type LibraryFunctions = Deno.DynamicLibrary<typeof FUNCTIONS>["symbols"];

/**
 * Opens the library in this process. The library redirects nothing until `unsock_configure` is called.
 *
 * @param file Path of `libunsock.so`.
 * @returns The functions of the library, which is never closed.
 * @throws {LibraryError} When the library cannot be opened or lacks a function.
 */
export function openFunctions(file: string): LibraryFunctions {
  return open(file, FUNCTIONS);
}

/**
 * Removes the library's variables from this process's environment. The library's constructor would read them as
 * settings, and end this process if one is wrong.
 */
function clearSettings(): void {
  // Variables for tests stay: the library ignores them, and all tests of a process share one environment.
  for (const name of Object.keys(Deno.env.toObject())) {
    const isSetting = name.startsWith("UNSOCK_") && !name.startsWith("UNSOCK_TEST_") && name !== "UNSOCK_MUST_WORK";
    if (isSetting || name === "LD_PRELOAD") Deno.env.delete(name);
  }
}

function open<T extends Deno.ForeignLibraryInterface>(file: string, functions: T): Deno.DynamicLibrary<T>["symbols"] {
  clearSettings();
  try {
    return Deno.dlopen(file, functions).symbols;
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new LibraryError(`library ${file}: ${why}`, { cause: error });
  }
}

const MESSAGE_SIZE = 256;

/**
 * Executes the library in place of this process. Deno itself has no execve(2).
 *
 * @param file Path of `libunsock.so`, complete and not writable by other users.
 * @param words The library's arguments, its name first.
 * @param environment `NAME=VALUE` each.
 * @returns The reason why the library cannot be executed. On success the function never returns.
 */
export function executeByForeignFunctions(
  file: string,
  words: readonly Uint8Array[],
  environment: readonly Uint8Array[],
): string {
  const { unsock_execute: execute } = open(file, EXECUTING);
  const message = new Uint8Array(MESSAGE_SIZE);
  execute(cString(file), listOf(words), listOf(environment), message, new BigUint64Array([BigInt(message.length)]));
  return textOf(message);
}

/** @returns Pointers to the strings, and a NULL. The strings follow in the same buffer. */
function listOf(strings: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = (strings.length + 1) * BigUint64Array.BYTES_PER_ELEMENT;
  const list = new Uint8Array(strings.reduce((sum, { length }) => sum + length + 1, size));
  const start = Deno.UnsafePointer.value(Deno.UnsafePointer.of(list));
  const pointers = new BigUint64Array(list.buffer, 0, strings.length);
  let at = size;
  for (const [index, string] of strings.entries()) {
    pointers[index] = BigInt(start) + BigInt(at);
    list.set(string, at);
    at += string.length + 1;
  }
  return list;
}

/** @returns The text with a NUL at its end, for C. */
function cString(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

/** @returns The text up to the NUL at its end. */
export function textOf(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
