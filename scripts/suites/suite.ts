/** Defines a suite: its source, and how its parts are run. */
import type { Reader } from "./readers.ts";

/** The directory and the tests of one run of a part. */
export interface Place {
  /** The run's own directory, in which it may write. */
  readonly scratch: string;
  /** The tests to run, if the runner can choose; undefined for all tests. */
  readonly only?: readonly string[];
}

export interface Part {
  readonly name: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The time after which the part counts as hung. */
  readonly seconds: number;
  /** Returns the command. `read` gets its output, or the file `report` in the scratch directory if there is one. */
  readonly command: (place: Place) => string[];
  readonly read: Reader;
  /**
   * Whether an ordinary user runs the part: servers that root starts would change to a user who may not enter root's
   * directory.
   */
  readonly asUser?: boolean;
  /** Whether system calls are trapped, by `--engine trap`. */
  readonly trapped?: boolean;
  /** Whether the command can run the tests in `only` alone. */
  readonly chooses?: boolean;
}

export interface Suite {
  readonly name: string;
  /** The tests that run, in Markdown, for the list in the page. */
  readonly about: string;
  readonly source?: string;
  /** The release of Debian's source package, if it differs from the release of the programs. */
  readonly release?: string;
  readonly programs: readonly string[];
  /** A command that prints the version of the tested project in its first line. */
  readonly version: readonly string[];
  /** The least number of tests that pass over TCP. With fewer, something did not run. */
  readonly least: number;
  /** Whether the tests are those of another suite, in harder circumstances. The page does not count them again. */
  readonly again?: boolean;
  /**
   * Builds the tests.
   *
   * @param tree The unpacked source, if there is one.
   * @param work A directory that is kept from run to run.
   * @param run Runs a command to its end, and throws if the command fails.
   */
  readonly prepare: (tree: string, work: string, run: Build) => Promise<readonly Part[]>;
}

export type Build = (command: string[], options: { cwd: string; env?: Record<string, string> }) => Promise<string>;
