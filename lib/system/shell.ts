/** Shells: those that are known by name, and quoting for all of them. Pure. */

/** Shells that can complete `unsock`'s command lines. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/**
 * @param text Any text without a NUL.
 * @returns The text as one word of a POSIX shell, bare where that is safe.
 */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
