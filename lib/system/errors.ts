/** What can go wrong, as a message for the user and an exit status. Only `main.ts` prints them. */

/** Exit statuses of `unsock run` that are not the command's own. */
export const EXIT_RUN_FAILED = 125;
export const EXIT_NOT_EXECUTABLE = 126;
export const EXIT_NOT_FOUND = 127;

/** Exit statuses of all other commands. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** An expected failure: the message is one line, `what failed: why`. */
export class UnsockError extends Error {
  /** The exit status, where the failure itself decides it; otherwise the command does. */
  readonly exitCode: number | undefined;

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.exitCode = options.exitCode;
  }
}

/** The user asked for something that cannot be: an unknown option, a bad value. */
export class UsageError extends UnsockError {}

/** The library `libunsock.so` was not found, or is not what it should be. */
export class ShimError extends UnsockError {}

/** The command cannot be started. */
export class CommandError extends UnsockError {}

/**
 * Puts any thrown value into words that fit behind a colon: no class name, no system call, no "os error".
 *
 * @param error What was thrown.
 * @returns One line.
 */
export function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "No such file or directory";
  if (error instanceof Deno.errors.AlreadyExists) return "File exists";
  if (error instanceof Deno.errors.PermissionDenied) return "Permission denied";
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*/s, "").replace(/\s+/g, " ").trim();
}
