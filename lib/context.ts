/** What every command gets: the world as it found it, opened lazily, so that `--help` costs nothing. */
import type { Environ } from "./environ.ts";
import { type Libc, openLibc } from "./ffi.ts";
import { LinuxSystem } from "./system.ts";

/** The surroundings of one invocation. */
export class Context {
  #libc: Libc | undefined;
  #system: LinuxSystem | undefined;

  /**
   * @param environ The caller's environment.
   * @param command What follows the first `--`, as bytes; undefined when there is no `--`.
   * @param print Writes to standard output.
   */
  constructor(
    readonly environ: Environ,
    readonly command: readonly Uint8Array[] | undefined,
    readonly print: (text: string) => void,
  ) {}

  /** libc, opened at the first use. */
  get libc(): Libc {
    return this.#libc ??= openLibc();
  }

  /** The operating system, asked at the first use. */
  get system(): LinuxSystem {
    return this.#system ??= new LinuxSystem(this.libc);
  }
}
