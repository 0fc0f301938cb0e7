/**
 * Shows the progress of long work. If standard error is a terminal, overwrites one line of it. For work of many
 * minutes, also prints a line for each step, on standard output.
 */

const ERASE_LINE = "\r\x1b[K";
const encoder = new TextEncoder();

function write(text: string): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(encoder.encode(text));
}

/** Replaces the text that is shown. */
export function showProgress(text: string): void {
  write(`${ERASE_LINE}${text}`);
}

/** Erases the line, before other output and when the work is done. */
export function endProgress(): void {
  write(ERASE_LINE);
}

const BAR_WIDTH = 20;
let [begun, total] = [0, 0];

/** Sets the number of steps, for {@linkcode tellStep} and the bar of {@linkcode whileShown}. */
export function expectSteps(count: number): void {
  [begun, total] = [0, count];
}

/** Prints the current step of long work, and the time so far, on standard output. */
export function tellStep(what: string): void {
  endProgress();
  begun++;
  const number = total > 0 ? `${begun} of ${total}, ` : "";
  console.log(`${number}${seconds()} s: ${what}`);
}

function seconds(): string {
  return (performance.now() / 1000).toFixed(0);
}

/** Returns a bar of fixed width, such as `[#####               ]`, for `done` of `total` steps. */
export function barOf(done: number, total: number): string {
  const filled = Math.min(BAR_WIDTH, Math.floor(done / total * BAR_WIDTH));
  return `[${"#".repeat(filled).padEnd(BAR_WIDTH)}]`;
}

/** Shows what is being done until the work ends: on a terminal, the bar and the seconds so far, each second. */
export async function whileShown<T>(what: string, work: Promise<T>): Promise<T> {
  const bar = total > 0 ? `${barOf(begun - 1, total)} ` : "";
  const show = () => showProgress(`${bar}${seconds()} s: ${what}`);
  show();
  const timer = setInterval(show, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    endProgress();
  }
}

/** @returns Whether standard output may have colours: on a terminal whose user wants them (no-color.org). */
export function mayColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
}
