/** The foreign functions: libc's, the library's own for starting programs, and those for testing it. */
import { ShimError, UnsockError } from "./errors.ts";

/**
 * An `int`, or `uid_t`, for what every `run` calls: the runtime compiles code for a function that returns a plain number,
 * which takes a fifth of a millisecond, and none for one that returns a struct. That of one such number comes in the same
 * register (System V ABI for AMD64, 3.2.3; AAPCS64, 6.9). {@linkcode intOf} reads it.
 */
const INT_ALONE = { struct: ["i32"] } as const;

/** @returns The number that is alone in a struct. */
export function intOf(struct: Uint8Array): number {
  return new DataView(struct.buffer, struct.byteOffset).getInt32(0, true);
}

/** What every `run` needs of libc. */
const LIBC_OF_RUN = {
  /** `uid_t geteuid(void)` */
  geteuid: { parameters: [], result: INT_ALONE },
} as const satisfies Deno.ForeignLibraryInterface;

/** What else is needed of libc. */
const LIBC = {
  ...LIBC_OF_RUN,
  /** `void (*signal(int signum, void (*handler)(int)))(int)`: 0 is `SIG_DFL`, 1 `SIG_IGN` */
  signal: { parameters: ["i32", "usize"], result: "usize" },
  /** `int close(int fd)` */
  close: { parameters: ["i32"], result: "i32" },
  /** `int open(const char *path, int flags, ...)`, without a mode: it creates nothing */
  open: { parameters: ["buffer", "i32"], result: "i32" },
  /** `ssize_t read(int fd, void *buffer, size_t count)` */
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** `int *__errno_location(void)`: glibc and musl both have it */
  __errno_location: { parameters: [], result: "pointer" },
  /** `ssize_t getxattr(const char *path, const char *name, void *value, size_t size)` */
  getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  /** `uid_t getuid(void)` and its kin */
  getuid: { parameters: [], result: "u32" },
  getgid: { parameters: [], result: "u32" },
  getegid: { parameters: [], result: "u32" },
  /** `int faccessat(int dirfd, const char *path, int mode, int flags)` */
  faccessat: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  /** `int socket(int domain, int type, int protocol)` */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** `int connect(int fd, const struct sockaddr *address, socklen_t length)` */
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** `ssize_t write(int fd, const void *buffer, size_t count)` */
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  /** `ssize_t readlink(const char *path, char *buffer, size_t size)` */
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  /** `DIR *opendir(const char *name)` and its kin */
  opendir: { parameters: ["buffer"], result: "pointer" },
  readdir: { parameters: ["pointer"], result: "pointer" },
  closedir: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** libc's functions, named as in C. */
export type Libc = Deno.DynamicLibrary<typeof LIBC>["symbols"];

const LIBC_FILES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libc.so"];

let libc: Libc | undefined;

/**
 * Opens the C library that this process already has.
 *
 * @returns Its functions; it stays open for good.
 * @throws {UnsockError} When there is none.
 */
export function openLibc(): Libc {
  if (libc !== undefined) return libc;
  let cause: unknown;
  for (const file of LIBC_FILES) {
    try {
      return libc = lazily(file, LIBC, Deno.dlopen(file, LIBC_OF_RUN).symbols);
    } catch (error) {
      cause ??= error;
    }
  }
  throw new UnsockError("C library: cannot be opened", { cause });
}

/** What the self-test calls in `libunsock.so`: see `c/unsock.h` and the manual pages of the socket calls. */
const SHIM = {
  /** `const char *unsock_version(void)` */
  unsock_version: { parameters: [], result: "pointer" },
  /** `const char *unsock_call_name(unsigned index)` */
  unsock_call_name: { parameters: ["u32"], result: "pointer" },
  /** `int unsock_configure(const char *environment, size_t length, char *error, size_t size)` */
  unsock_configure: { parameters: ["buffer", "usize", "buffer", "usize"], result: "i32" },
  /** `int unsock_covers(const void *address, uint32_t length)` */
  unsock_covers: { parameters: ["buffer", "u32"], result: "i32" },
  /** `int unsock_path(uint16_t port, int type, char *path, size_t size)` */
  unsock_path: { parameters: ["u16", "i32", "buffer", "usize"], result: "i32" },
  /** `int unsock_check_control(const void *bytes, size_t length)` */
  unsock_check_control: { parameters: ["buffer", "usize"], result: "i32" },
  /** `int unsock_make_control(const char *environment, size_t length, void *bytes, char *error, size_t size)` */
  unsock_make_control: { parameters: ["buffer", "usize", "buffer", "buffer", "usize"], result: "i32" },
  /** `int unsock_prune(const char *path, int remove)` */
  unsock_prune: { parameters: ["buffer", "i32"], result: "i32" },
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

/** What of the library the command line does its own work by: see `c/unsock.h`. */
const RUNNER = {
  /** `int unsock_run_called(unsigned count, const char *library, char *error, size_t size)` */
  unsock_run_called: { parameters: ["u32", "buffer", "buffer", "usize"], result: INT_ALONE },
  /** `int unsock_program_called(unsigned count, const char *library, char *error, size_t size)` */
  unsock_program_called: { parameters: ["u32", "buffer", "buffer", "usize"], result: "i32" },
  /** `int unsock_caller_state(const char *own_limits, const char *parent_limits, const char *parent_status, int64_t *soft)` */
  unsock_caller_state: { parameters: ["buffer", "buffer", "buffer", "buffer"], result: "i32" },
  /** `int unsock_control_explain(const void *bytes, size_t length, char *text, size_t size)` */
  unsock_control_explain: { parameters: ["buffer", "usize", "buffer", "usize"], result: "i32" },
  /** `int unsock_directory_list(const char *directory, uint16_t port, char *text, size_t size)` */
  unsock_directory_list: { parameters: ["buffer", "u16", "buffer", "usize"], result: "i32" },
  /** `int unsock_name_port(const char *name, int *type)` */
  unsock_name_port: { parameters: ["buffer", "buffer"], result: "i32" },
  /** `int unsock_port_of(const char *word, int *type, char *text, size_t size)` */
  unsock_port_of: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  /** `const char *unsock_run_option_name(unsigned index)` */
  unsock_run_option_name: { parameters: ["u32"], result: "pointer" },
  /** `int unsock_route(const char *command, const char *search, char *text, size_t size)` */
  unsock_route: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  /** `int unsock_check_library(const char *path, char *error, size_t size)` */
  unsock_check_library: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  /** `int unsock_check_sockets(char *error, size_t size)` */
  unsock_check_sockets: { parameters: ["buffer", "usize"], result: "i32" },
  /** `int unsock_check_rewriting(const char *path, char *error, size_t size)` */
  unsock_check_rewriting: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  /**
   * `int unsock_run_settings(const char *words, size_t words_length, const char *environment, size_t length,
   * const char *library, char *text, size_t size)`
   */
  unsock_run_settings: {
    parameters: ["buffer", "usize", "buffer", "usize", "buffer", "buffer", "usize"],
    result: "i32",
  },
  /** `int unsock_directory_rights(const char *group, const char *mode, int64_t numbers[2], char *error, size_t size)` */
  unsock_directory_rights: { parameters: ["buffer", "buffer", "buffer", "buffer", "usize"], result: "i32" },
  /**
   * `int unsock_directory_prepare(const char *path, int how, const char *group, const char *mode, char *error,
   * size_t size)`
   */
  unsock_directory_prepare: {
    parameters: ["buffer", "i32", "buffer", "buffer", "buffer", "usize"],
    result: "i32",
  },
  /** `int unsock_user_may(const char *user, int64_t group, const char *path, int rights)` */
  unsock_user_may: { parameters: ["buffer", "i64", "buffer", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The library's functions that tell how programs are reached, and start them. */
export type Runner = Deno.DynamicLibrary<typeof RUNNER>["symbols"];

/** The library's functions. */
export type Shim = Deno.DynamicLibrary<typeof SHIM>["symbols"];

/**
 * Opens the library in this process, where it redirects nothing until `unsock_configure` is called. Takes the library's
 * variables out of this process's environment.
 *
 * @param file Path of `libunsock.so`.
 * @returns Its functions; it stays open for good.
 * @throws {ShimError} When it cannot be opened or lacks a function.
 */
export function openShim(file: string): Shim {
  return open(file, SHIM);
}

/**
 * Opens the library as {@linkcode openShim} does, for the command line's own work.
 *
 * @param file Path of `libunsock.so`, which is whole, and in nobody else's hands.
 * @returns Its functions; it stays open for good.
 * @throws {ShimError} When it cannot be opened or lacks a function.
 */
export function openRunner(file: string): Runner {
  return runners[file] ??= open(file, RUNNER);
}

const runners: Record<string, Runner> = {};

function open<T extends Deno.ForeignLibraryInterface>(file: string, functions: T): Deno.DynamicLibrary<T>["symbols"] {
  // Its constructor would take them for its settings, and end this process when they are wrong. What tests say to each other
  // it passes over, and a process of tests has one environment for all of them.
  for (const name of Object.keys(Deno.env.toObject())) {
    const isSetting = name.startsWith("UNSOCK_") && !name.startsWith("UNSOCK_TEST_") && name !== "UNSOCK_MUST_WORK";
    if (isSetting || name === "LD_PRELOAD") Deno.env.delete(name);
  }
  return lazily(file, functions);
}

/** The runtime takes a hundred times longer to make a function callable than to call it: all but `ready` wait until they are used. */
function lazily<T extends Deno.ForeignLibraryInterface>(
  file: string,
  functions: T,
  ready: Readonly<Record<string, unknown>> = {},
): Deno.DynamicLibrary<T>["symbols"] {
  const found: Record<string, unknown> = { ...ready };
  const find = (name: string, definition: T[string]) => {
    try {
      return found[name] ??= Deno.dlopen(file, { [name]: definition }).symbols[name];
    } catch (error) {
      const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new ShimError(`library ${file}: ${why}`, { cause: error });
    }
  };
  const symbols = {};
  for (const [name, definition] of Object.entries(functions)) {
    Object.defineProperty(symbols, name, { enumerable: true, get: () => find(name, definition as T[string]) });
  }
  return symbols as Deno.DynamicLibrary<T>["symbols"];
}

/**
 * Asks the library for its own list of calls (`c/calls/list.h`), from which its exported functions are made.
 *
 * @returns The names of all functions of libc that it puts itself in front of.
 */
export function interceptedCalls(shim: Shim): string[] {
  const names: string[] = [];
  for (;;) {
    const name = shim.unsock_call_name(names.length);
    if (name === null) return names;
    names.push(Deno.UnsafePointerView.getCString(name));
  }
}

/** @returns The text with a NUL behind it, as C wants it. */
export function cString(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

/** @returns The text up to the NUL that C wrote behind it. */
export function textOf(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}

/**
 * @param call Calls one function of libc's, which returns 0 unless it fails.
 * @returns 0, or the `errno` with which it failed.
 */
export function errnoOf(libc: Libc, call: () => number): number {
  // Looked up before: that changes errno.
  const locate = libc.__errno_location;
  if (call() === 0) return 0;
  const location = locate();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}
