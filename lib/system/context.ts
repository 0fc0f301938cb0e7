/** The surroundings of every command, read lazily, so that `--help` costs nothing. */
import { Environ } from "./environ.ts";

/** The surroundings of one invocation. */
export class Context {
  #environ: Environ | undefined;

  /**
   * @param args All arguments.
   * @param print Writes to standard output.
   * @param warn Writes one line to standard error.
   */
  constructor(
    readonly args: readonly string[],
    readonly print: (text: string) => void,
    readonly warn: (line: string) => void,
  ) {}

  /** The caller's environment. */
  get environ(): Environ {
    return this.#environ ??= Environ.ofProcess();
  }
}
