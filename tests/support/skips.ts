/** Notes why tests are skipped, for the end of `deno task test`. */

/** The variable that names the file of notes, to which several test files append at once. */
export const SKIPS = "UNSOCK_TEST_SKIPS";

/** What a test lacks. */
export interface Skip {
  /** Programs, and the Debian packages that have them. */
  readonly programs?: readonly string[];
  readonly packages?: readonly string[];
  /** Something else. */
  readonly missing?: string;
  readonly remedy?: string;
}

/** Appends a line to the file of notes, if the variable names one. */
export function noteSkip(skip: Skip): void {
  const file = Deno.env.get(SKIPS);
  if (file !== undefined) Deno.writeTextFileSync(file, `${JSON.stringify(skip)}\n`, { append: true });
}
