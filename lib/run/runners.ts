/**
 * The test runners that `run --each` knows, as the library compares them with command lines (`c/process/each.c`): a
 * program, or a program and its subcommand or option. A worker's command line looks like a runner's, but also has the
 * word after "!".
 */
export const RUNNERS: readonly string[] = [
  "jest",
  "vitest",
  "mocha",
  "ava",
  "mocha/lib/cli/cli", // mocha with options of Node.js's starts itself anew
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
