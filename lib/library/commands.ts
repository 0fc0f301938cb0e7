/** Tells which commands are the library's own (`c/program/program.c`). Pure. */

/** The commands; C's lists of them are made from this one (`scripts/tables.ts`). */
export const LIBRARY_COMMANDS: readonly string[] = ["run", "hold", "query", "path", "wait", "prune", "expose"];

/** Options with which `expose` is the command line's. */
export const HTTP_OPTIONS: readonly string[] = ["--http", "--cert", "--key", "--log", "--json"];

/**
 * @param args All arguments, the command's name first.
 * @returns Whether the library does the command by itself: not with `--help` or `-h` before a `--`, as it has no help.
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
