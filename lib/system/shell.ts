/** Shells: those that are known by name, and quoting for all of them. Pure. */

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
 * @returns The text as one word for Windows' cmd.exe: quoted for the program, which reads a backslash before a quote as one
 *   that protects it, and each character that the shell would interpret behind a "^".
 */
export function cmdQuote(text: string): string {
  if (/^[A-Za-z0-9_@+=:,./\\-]+$/.test(text)) return text;
  const quoted = `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, "$1$1")}"`;
  return quoted.replace(/[()%!^"<>&|;, ]/g, "^$&");
}
