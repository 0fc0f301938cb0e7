/** The shells that this program knows, and quoting for shells. */

/** Shells that can complete `unsock`'s command lines. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/**
 * @param text Any text without a NUL.
 * @returns The text as one word of a POSIX shell, bare where that is safe.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["a.txt", "it's"].map(shellQuote).join(" "), "a.txt 'it'\\''s'");
 * ```
 */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * @param text Any text without a NUL or a line's end.
 * @returns The text as one word for Windows' cmd.exe: quoted for the program, for which a backslash protects a quote,
 *   and with a "^" before each character that the shell would interpret.
 */
export function cmdQuote(text: string): string {
  if (/^[A-Za-z0-9_@+=:,./\\-]+$/.test(text)) return text;
  const quoted = `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, "$1$1")}"`;
  return quoted.replace(/[()%!^"<>&|;, ]/g, "^$&");
}
