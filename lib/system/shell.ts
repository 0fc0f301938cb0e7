/** The shells that this program knows, and quoting for shells. */

/** Shells that can complete `unsock`'s command lines. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/**
 * @param text Any text without a NUL.
 * @returns The text as one word of a POSIX shell, quoted only if it needs quotes.
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
 * @param text Any text without a NUL or a line break.
 * @returns The text as one word for cmd.exe of Windows. The quotes, and backslashes before quotes inside, are for the
 *   program that gets the word; a "^" precedes each character that cmd.exe itself would interpret.
 */
export function cmdQuote(text: string): string {
  if (/^[A-Za-z0-9_@+=:,./\\-]+$/.test(text)) return text;
  const quoted = `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, "$1$1")}"`;
  return quoted.replace(/[()%!^"<>&|;, ]/g, "^$&");
}
