/** Decides which commands the library runs itself (`c/program/program.c`). */

/** The library's commands. The build makes C's lists from this one (`scripts/tables.ts`). */
export const LIBRARY_COMMANDS: readonly string[] = ["run", "hold", "query", "path", "wait", "prune", "expose"];

/** With one of these options, the command line runs `expose`, not the library. */
export const HTTP_OPTIONS: readonly string[] = ["--http", "--cert", "--key", "--log", "--json"];

/**
 * @param args All arguments, the command's name first.
 * @returns True if the library runs the command itself. It does not run `expose` with one of {@linkcode HTTP_OPTIONS}.
 *   The command line prints the help: a `--help` or `-h` that precedes any `--` is not for the library.
 */
export function runsInLibrary(args: readonly string[]): boolean {
  const [name = ""] = args;
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) return false;
  const isHttp = () =>
    options.some((word) => HTTP_OPTIONS.some((flag) => word === flag || word.startsWith(`${flag}=`)));
  return LIBRARY_COMMANDS.includes(name) && !(name === "expose" && isHttp());
}
