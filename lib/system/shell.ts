/** Quoting for shells. Pure. */

/**
 * @param text Any text without a NUL.
 * @returns The text as one word of a POSIX shell, bare where that is safe.
 */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
