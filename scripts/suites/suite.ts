/** Defines a suite: its source, and how its parts are run. */
import type { Reader } from "./readers.ts";

/** Where one run of a part may write. */
export interface Place {
  /** A directory of its own. */
  readonly scratch: string;
  /** Only these tests, if the runner can choose. */
  readonly only?: readonly string[];
}

/** The tests run by one command. */
export interface Part {
  readonly name: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long all of it may take before it counts as hung. */
  readonly seconds: number;
  /** The command; `read` gets its output, or the file `report` in the scratch directory if there is one. */
  readonly command: (place: Place) => string[];
  readonly read: Reader;
  /** Whether it is for an ordinary user: a server that root starts changes to another one, who cannot enter root's directory. */
  readonly asUser?: boolean;
  /** Whether its system calls are trapped, by `--engine trap`. */
  readonly trapped?: boolean;
  /** Whether the command runs only the tests in `only`. */
  readonly chooses?: boolean;
}

export interface Suite {
  readonly name: string;
  /** For the table: the part of the project that is run. */
  readonly about: string;
  /** Debian's source package. */
  readonly source?: string;
  /** The release of Debian whose source it is, if not of the release that the programs are from. */
  readonly release?: string;
  /** Programs that have to be there. */
  readonly programs: readonly string[];
  /** Prints the version of the tested project, in the first line. */
  readonly version: readonly string[];
  /** So many tests pass over TCP at least: fewer, and something did not run. */
  readonly least: number;
  /** Its tests are another suite's, in harder circumstances: the page, which adds up, does not have it. */
  readonly again?: boolean;
  /**
   * Builds the tests.
   *
   * @param tree The unpacked source, if there is one.
   * @param work A directory that is kept from run to run.
   * @param run Runs a command to its end, and throws if that fails.
   */
  readonly prepare: (tree: string, work: string, run: Build) => Promise<readonly Part[]>;
}

export type Build = (command: string[], options: { cwd: string; env?: Record<string, string> }) => Promise<string>;
