/** Errors: a message for the user and an exit status. `main.ts` prints them; nothing in `lib` does. */

/** Exit statuses of `unsock run` that are not the command's own. */
export const EXIT_RUN_FAILED = 125;
export const EXIT_NOT_EXECUTABLE = 126;
export const EXIT_NOT_FOUND = 127;

/** Exit statuses of all other commands. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** The status on systems other than Linux: EX_UNAVAILABLE of sysexits.h. */
export const EXIT_ELSEWHERE = 69;

/** An expected failure: the message is one line, `what failed: why`. */
export class UnsockError extends Error {
  /** The exit status, or undefined if `main.ts` chooses it by the command and the class of the error. */
  readonly exitCode: number | undefined;

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.exitCode = options.exitCode;
  }
}

/** The command line is wrong: an unknown option, a bad value. */
export class UsageError extends UnsockError {}

/** The library `libunsock.so` was not found, or is not usable. */
export class LibraryError extends UnsockError {}

/** A program cannot be started: the user's command, or the library. */
export class CommandError extends UnsockError {}

/** The texts of strerror(3). Deno and Node.js word these errors differently. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EEXIST: "File exists",
  EFBIG: "File too large",
  EINVAL: "Invalid argument",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Operation not permitted",
  EROFS: "Read-only file system",
};

/** @returns The name of an errno, such as `ENOENT`, or undefined if the error has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Returns any thrown value's text in one line, to follow a colon: without class name, system call or "os error". */
export function reason(error: unknown): string {
  const words = WORDS[codeOf(error) ?? ""];
  if (words !== undefined) return words;
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^E[A-Z0-9]+: (.*?)(, \w+( '.*)?)?$/s, "$1").replace(/ \(os error \d+\).*/s, "")
    .replace(/\s+/g, " ").trim();
}
