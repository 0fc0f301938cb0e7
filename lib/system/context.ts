/** What every command gets: the world as it found it, opened lazily, so that `--help` costs nothing. */
import { Environ } from "./environ.ts";
import { type Libc, openLibc } from "./ffi.ts";
import { Proc } from "./proc.ts";
import { askSystem, type System } from "./linux.ts";

/** The surroundings of one invocation. */
export class Context {
  #libc: Libc | undefined;
  #system: System | undefined;
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

  /** libc, opened at the first use. */
  get libc(): Libc {
    return this.#libc ??= openLibc();
  }

  /** Whose process this is, asked at the first use. */
  get system(): System {
    return this.#system ??= askSystem(this.libc);
  }

  /** `/proc` */
  get proc(): Proc {
    return new Proc(this.libc);
  }

  /** The caller's environment. */
  get environ(): Environ {
    return this.#environ ??= Environ.ofProcess(this.proc);
  }
}
