/** Decides which commands the library runs itself (`c/program/program.c`). */

/** The library's commands. C's lists are made from this one (`scripts/tables.ts`). */
export const LIBRARY_COMMANDS: readonly string[] = ["run", "hold", "query", "path", "wait", "prune", "expose"];

/** With one of these options, the command line runs `expose`, not the library. */
export const HTTP_OPTIONS: readonly string[] = ["--http", "--cert", "--key", "--log", "--json"];

/**
 * @param args All arguments, the command's name first.
 * @returns True if the library runs the command itself. False for `--help` and `-h` before a `--`: the library has no
 *   help, and for `expose` with one of {@linkcode HTTP_OPTIONS}.
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
