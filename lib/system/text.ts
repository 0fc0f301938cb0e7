/** Makes text safe to print, and writes names of options as flags. */

/** Characters that control a terminal, break a line or change its direction. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @returns The text with its control characters escaped, so that it cannot control the terminal. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (char) => {
    const digits = char.charCodeAt(0).toString(16);
    return char <= "\xff" ? `\\x${digits.padStart(2, "0")}` : `\\u${digits}`;
  });
}

/** @returns `--dry-run` for `dryRun`. */
export function optionFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
