/**
 * The test runners that `run --each` knows: a program, or a program and its subcommand or option. The library compares
 * them with command lines (`c/process/each.c`). A command line that also has the word after "!" is not a runner's, but
 * a worker's.
 */
export const RUNNERS: readonly string[] = [
  "jest",
  "vitest",
  "mocha",
  "ava",
  "mocha/lib/cli/cli", // mocha, which starts itself anew if it has options of Node.js's
  "node --test",
  "playwright test",
  "bun test !--test-worker",
  "pytest",
  "pytest-3", // Debian's
  "go test",
  "prove",
  "ctest",
  "meson test",
];
