/** Tells which commands are the library's own (`c/program/program.c`). Pure. */

/** Besides `expose` without `--http`. */
export const LIBRARY_COMMANDS = ["run", "path", "wait", "prune", "hold", "query"];

/** Options of `expose --http`, which alone they go with. */
const OF_HTTP = /^--(?:http|cert|key|log|json)(=|$)/;

/**
 * @param args All arguments, the command's name first.
 * @returns Whether the library does the command by itself. It has no help, for which a user may ask by an option of it, or of `run`'s
 *   command.
 */
export function runsInLibrary(args: readonly string[]): boolean {
  const [name = ""] = args;
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) return false;
  return LIBRARY_COMMANDS.includes(name) || (name === "expose" && !options.some((word) => OF_HTTP.test(word)));
}
