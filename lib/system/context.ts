/** The arguments, output and environment of a command. */
import { Environ } from "./environ.ts";

/** Reads the environment only when a command needs it: `--help` does not. */
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

  get environ(): Environ {
    return this.#environ ??= Environ.ofProcess();
  }
}
