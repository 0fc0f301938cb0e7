/**
 * How far long work is: one line on standard error that is written over again and again, on a terminal alone. In a pipe or a
 * file there is nothing of it.
 */

const ERASE_LINE = "\r\x1b[K";
const encoder = new TextEncoder();

function write(text: string): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(encoder.encode(text));
}

/** Shows this in the place of what was shown before. */
export function showProgress(text: string): void {
  write(`${ERASE_LINE}${text}`);
}

/** Takes the line away: before other output, and when the work is done. */
export function endProgress(): void {
  write(ERASE_LINE);
}

/** @returns Whether what goes to standard output may have colours: on a terminal whose user wants them (no-color.org). */
export function mayColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
}
