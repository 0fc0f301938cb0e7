import { Environ } from "./environ.ts";

/** The arguments, output and environment of a command. Reads the environment only when the command needs it. */
export class Context {
  #environ: Environ | undefined;

  /**
   * @param args All arguments, the command's name first.
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
