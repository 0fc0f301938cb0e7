/** Chooses the test files that `deno task test` runs, and their order. Does no I/O. */

const ALL = "tests/";

export const ALL_OPTION = "--all";
const IGNORE = "--ignore=";

/**
 * The tests that take half of the time: for example tests of every failing call or every order of calls, tests for
 * other machines, and tests with Go's compiler or npm.
 */
export const LONG = [
  "tests/aarch64",
  "tests/booted",
  "tests/cli/expose_http_answers_test.ts",
  "tests/cli/expose_http_floods_test.ts",
  "tests/cli/expose_https_test.ts",
  "tests/cli/install_test.ts",
  "tests/cli/ls_all_test.ts",
  "tests/cli/two_runs_test.ts",
  "tests/counts/own_names_test.ts",
  "tests/docs/go_test.ts",
  "tests/docs/test_runners_test.ts",
  "tests/explore",
  "tests/faults",
  "tests/files/lock_test.ts",
  "tests/fuzz",
  "tests/libcs",
  "tests/npm",
  "tests/probes/closed_inside_test.ts",
  "tests/proofs",
  "tests/restricted/forbidden_test.ts",
  "tests/threads",
  "tests/trap/go_test.ts",
  "tests/unit/stack_test.ts",
  "tests/vm",
];

/** The files and folders that begin before all others: a long file that begins last leaves processors idle. */
const FIRST = ["tests/probes/sockets_test.ts", "tests/probes/processes_test.ts", "tests/unit/layers_test.ts", ...LONG];

/** Converts the arguments of `deno task test` to the arguments of `deno test` that follow `-A --parallel`. */
export function readTestArguments(args: readonly string[]): string[] {
  const rest = args.filter((arg) => arg !== ALL_OPTION);
  if (rest.some((arg) => !arg.startsWith("-"))) return rest;
  const ignored = rest.filter((arg) => arg.startsWith(IGNORE)).map((arg) => arg.slice(IGNORE.length));
  if (!args.includes(ALL_OPTION)) ignored.push(...LONG);
  const others = rest.filter((arg) => !arg.startsWith(IGNORE));
  return [...others, ...(ignored.length > 0 ? [`${IGNORE}${ignored.join(",")}`] : []), ALL];
}

/**
 * Replaces the folder of all tests by the names of all test files, the longest first. `deno test` does not ignore named
 * files, so the files to ignore are not named.
 *
 * @param args The result of readTestArguments().
 * @param files All test files.
 * @returns The arguments of `deno test`, which runs the files in this order.
 */
export function longestFirst(args: readonly string[], files: readonly string[]): string[] {
  if (args.at(-1) !== ALL) return [...args];
  const isIn = (places: readonly string[]) => (file: string) =>
    places.some((place) => file === place || file.startsWith(`${place}/`));
  const ignored = args.filter((arg) => arg.startsWith(IGNORE)).flatMap((arg) => arg.slice(IGNORE.length).split(","));
  const kept = files.filter((file) => !isIn(ignored)(file));
  const [first, others] = [kept.filter(isIn(FIRST)), kept.filter((file) => !isIn(FIRST)(file))];
  return [...args.slice(0, -1).filter((arg) => !arg.startsWith(IGNORE)), ...first, ...others];
}
