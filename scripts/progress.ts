/**
 * Shows the progress of long work on standard error: on a terminal, one line that is overwritten (nothing in a pipe or
 * a file); and for work of many minutes, a line for each step, everywhere.
 */

const ERASE_LINE = "\r\x1b[K";
const encoder = new TextEncoder();

function write(text: string): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(encoder.encode(text));
}

/** Replaces the text shown before. */
export function showProgress(text: string): void {
  write(`${ERASE_LINE}${text}`);
}

/** Takes the line away: before other output, and when the work is done. */
export function endProgress(): void {
  write(ERASE_LINE);
}

/** Prints the present step of long work, and the time so far, on standard output. */
export function tellStep(what: string): void {
  endProgress();
  console.log(`${(performance.now() / 1000).toFixed(0)} s: ${what}`);
}

/** @returns Whether standard output may have colours: on a terminal whose user wants them (no-color.org). */
export function mayColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
}
