/** Becoming another program, with the process state that the caller had. */
import type { CallerState } from "./caller.ts";
import { CommandError, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND } from "./errors.ts";
import { cString, errno, type Libc } from "./ffi.ts";

/** What to become. */
export interface Execution {
  /** The file, found already. */
  readonly file: string;
  /** All arguments, the command as typed in front; bytes, as they need not be UTF-8. */
  readonly argv: readonly Uint8Array[];
  /** `NAME=VALUE` each. */
  readonly environment: readonly Uint8Array[];
}

const SIGPIPE = 13;
const SIG_DFL = 0n;
const RLIMIT_NOFILE = 7;

const ENOENT = 2;
const E2BIG = 7;
const ENOEXEC = 8;

/** Wordings of the errors that looking at the file beforehand does not find. */
const ERRORS: Readonly<Record<number, string>> = {
  [E2BIG]: "argument list too long",
  5: "Input/output error",
  [ENOENT]: "its interpreter or dynamic linker does not exist",
  [ENOEXEC]: "Exec format error",
  12: "out of memory",
  13: "Permission denied",
  20: "Not a directory",
  26: "text file busy",
  40: "too many levels of symbolic links",
};

/**
 * Replaces this process. Every descriptor of the runtime is close-on-exec; those of the caller are not touched.
 *
 * @param libc The C library.
 * @param execution What to become.
 * @param state What to put back before.
 * @throws {CommandError} When the kernel refuses; this function does not return otherwise.
 */
export function execute(libc: Libc, execution: Execution, state: CallerState): never {
  restore(libc, state);
  const code = exec(libc, execution);
  // As execvp does with a file that only a shell understands.
  const failure = code === ENOEXEC ? exec(libc, viaShell(execution)) : code;
  const why = ERRORS[failure] ?? `error ${failure}`;
  throw new CommandError(`command ${execution.file}: ${why}`, {
    exitCode: failure === ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE,
  });
}

function restore(libc: Libc, state: CallerState): void {
  if (!state.ignoreSigpipe) libc.signal(SIGPIPE, SIG_DFL);
  if (state.softNofile === undefined) return;
  const limit = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_NOFILE, limit) !== 0) return;
  limit[0] = BigInt(state.softNofile);
  libc.setrlimit(RLIMIT_NOFILE, limit);
}

function viaShell({ file, argv, environment }: Execution): Execution {
  const shell = "/bin/sh";
  const bytes = (text: string) => new TextEncoder().encode(text);
  return { file: shell, argv: [bytes(shell), bytes(file), ...argv.slice(1)], environment };
}

function exec(libc: Libc, { file, argv, environment }: Execution): number {
  const [args, env] = [argv.map(cString), environment.map(cString)];
  libc.execve(cString(file), pointers(args), pointers(env));
  return errno(libc);
}

/** `args` must outlive the call: the array holds nothing but their addresses. */
function pointers(strings: readonly Uint8Array<ArrayBuffer>[]): BigUint64Array<ArrayBuffer> {
  const array = new BigUint64Array(strings.length + 1);
  for (const [index, string] of strings.entries()) {
    array[index] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(string));
  }
  return array;
}
